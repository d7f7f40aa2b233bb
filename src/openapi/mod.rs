//! Proving that old clients get only responses that their `OpenAPI` document allows.
//!
//! [`prove`] takes the document that old clients were written for (OLD), that of what the handlers respond now (NEW), and
//! contracts. It proves:
//!
//! 1. Every response that NEW can give is one that OLD allows as it is, or is an outcome whose legacy response OLD allows:
//!    status, media type, required headers, and the body for all values of its placeholders.
//! 2. Every outcome is possible under NEW.
//! 3. Every operation and status that OLD documents is still given, or listed as
//!    [dropped](crate::contract::DroppedPromise) with a reason.
//!
//! A [`ProofReport`] has one [`Finding`] for each cause. A refutation has an example: the target response is valid under NEW,
//! the real layer made the legacy response of it, and `jsonschema` rejects that under OLD. Without one the verdict is *cannot
//! tell*.
//!
//! # How schemas are read
//!
//! - A response of NEW has the members that its schema names; others only if `additionalProperties` says so, or if it names
//!   none. OLD allows other members unless it forbids them.
//! - A `oneOf` is resolved by its discriminator, by fixed values or by types. If a value could match two of its schemas, only
//!   the same `oneOf` in both documents is proved.
//! - A value of several parts of an `anyOf` of NEW may have the members that any of them names.
//! - An integer, and a number that a document lists, is spelled in digits without exponent.
//! - Requests are those that OLD or NEW describes. Whether a condition on a request's head holds is left open.
//! - `pattern`, `not`, `if`, `patternProperties`, `contains` and the like are compared word for word. `format` counts as far
//!   as `jsonschema` knows the format.
//! - A member with `writeOnly` is no part of a response.
//! - `nullable` without a `type` says nothing to the letter of `OpenAPI` 3.0, and many mean it: it is compared word for word,
//!   too.
//! - A schema that cannot be read spoils the operations that use it, and no others.
//! - Prose is a hint, never a proof.

mod deep_stack;
mod document;
mod draft;
mod finding;
mod legacy_draft;
mod proof;
mod prove;
mod report;
mod values;

pub use document::api_document::{ApiDocument, ReadError};
pub use draft::draft;
pub use finding::{Example, ExampleRequest, ExampleResponse, Finding, FindingKind, Verdict};
pub use prove::prove;
pub use report::{AcceptedFinding, ProofReport};
