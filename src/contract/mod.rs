//! What an API responds today and what it responded before.
//!
//! A [`Contract`] is a list of endpoints. An [`Endpoint`] lists [`Outcome`]s. An outcome that old clients know in another
//! form has a [`LegacyShape`], whose JSON body is a [`Template`] with placeholders. A contract is written in Rust or as a
//! document.
//!
//! # The decision rules
//!
//! 1. The endpoint is found by method and path. Method names are case-sensitive (RFC 9110, section 9.1). A static path takes
//!    precedence over a parameter. `HEAD` is never on the contract: it speaks the target contract.
//! 2. A response counts as the first outcome that takes its status and whose conditions, on it and on its request, it fulfils.
//! 3. A response that matches none is `other`.
//! 4. Conditions on fields hold of JSON bodies only. They are false if the body is empty or known not to be JSON: by a media
//!    type other than `application/json` or one with the suffix `+json` (`application/stream+json` is a stream); or, of
//!    `text/plain` and of no type at all, by a first character that is neither `{` nor `[`.
//! 5. If a condition cannot be evaluated (the body is too large, encoded, malformed, too slow, or failed), the response is
//!    `undetermined`; no later outcome is tried.
//!
//! A caller of the `legacy` generation depends on a response whose outcome has a legacy shape, and on an `undetermined` one if
//! an outcome that its status and its headers leave possible has one.
//!
//! A body is read only as far as needed: the scan stops when it has all fields that the outcome and its legacy body take, and
//! what stands behind them is not validated. Values that are skipped only have to be balanced. A field is absent only if the
//! whole text is valid. A member with a requested name that the scan meets again before it has all it needs makes the response
//! `undetermined`: which of the two counts depends on the reader.
//!
//! # The document
//!
//! | in | member | type | meaning |
//! | --- | --- | --- | --- |
//! | contract | `base_path` | string | before all paths; none unless given |
//! | | `deprecation` | object | the notice on rewritten responses; none unless given |
//! | | `outcomes` | array | outcomes for several endpoints |
//! | | `endpoints` | array | required |
//! | | `dropped` | array | promises of the old API that are no longer given; none unless given |
//! | dropped | `operation` | string | required; such as `POST /orders/{id}` |
//! | | `status` | integer | the status that is no longer given; the whole operation unless given |
//! | | `reason` | string | required |
//! | deprecation | `date` | integer | required; seconds since the Unix epoch |
//! | | `link` | string | required; absolute URI of a page that says what is deprecated |
//! | | `sunset` | integer | seconds since the Unix epoch, not before `date` |
//! | endpoint | `name`, `method`, `path` | string | required; the path in matchit syntax |
//! | | `body_limit` | integer | how many bytes of a body are peeked at; that of the [layer](crate::LegacyHttpCompatLayer::body_limit) unless given |
//! | | `rehearse` | boolean | whether legacy responses are [rehearsed](crate::LegacyHttpCompatLayer::rehearse_one_in); true unless given |
//! | | `outcomes` | array | required; each an outcome, or the name of one of the contract |
//! | outcome | `name` | string | required |
//! | | `status` | | required; an integer, a class such as `"4xx"`, or an array of these; see [`Statuses`] |
//! | | `fields` | object | JSON pointer into the response → matcher |
//! | | `headers` | object | response header → matcher |
//! | | `request_fields` | object | JSON pointer into the request → matcher; see [`Outcome::request_field`] |
//! | | `request_form` | object | field of a form-encoded request → matcher; see [`Outcome::request_form_field`] |
//! | | `request_headers` | object | request header → matcher |
//! | | `query_parameters`, `path_parameters` | object | parameter of the request → matcher |
//! | | `legacy` | object | the legacy shape, where it differs |
//! | legacy | `status` | integer | required |
//! | | `set_headers`, `append_headers` | object | header → value, or array of values: strings, or placeholders of a [`Template`] |
//! | | `remove_headers` | array | header names |
//! | | `body` | | `"as_is"` (unless given), `"empty"`, or an object with one of the members of a body |
//! | | `allow_missing_required_header` | boolean | allows a 401 without `WWW-Authenticate` |
//! | body | `json` | any | a [`Template`] |
//! | | `edit` | object | a [`BodyEdit`] |
//! | | `text` | | a string, or a placeholder |
//! | | `form` | object | name → string, number, boolean or placeholder |
//! | edit | `rename` | object | JSON pointer → new name |
//! | | `set` | object | JSON pointer → template |
//! | | `remove` | array | JSON pointers |
//!
//! A matcher is a value, `{"absent": true}`, `{"present": true}` or `{"pattern": "…"}`, or an array of these, of which one must
//! match; see [`Matcher`]. Values of JSON fields are scalars, others strings.
//!
//! Any other member is an error.
//!
//! Numbers keep their spelling in a template, and are compared exactly, by value. Text read by [`Contract::from_json`] keeps
//! it also where `serde`'s data model would not.
//!
//! # What is refused
//!
//! A contract that cannot be right is not built: a rule that can never fire, such as a method in lower case, a path with dot
//! segments, conditions that exclude each other, or an outcome that earlier ones cover; a legacy response that HTTP does not
//! allow; and a legacy shape that changes nothing. [`FaultCode`](crate::diagnostics::FaultCode) lists the kinds of faults.

pub(crate) mod compile;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod contract;
pub(crate) mod definition;

pub(crate) use contract::CompiledCache;
pub use contract::{Contract, ContractBuilder, ContractError, LiveContract};
pub use definition::condition::Matcher;
pub use definition::contract_definition::Deprecation;
pub use definition::dropped::DroppedPromise;
pub use definition::edit::BodyEdit;
pub use definition::endpoint::{Endpoint, Outcome};
pub use definition::shape::LegacyShape;
pub use definition::statuses::Statuses;
pub use definition::template::{Placeholder, Template};
pub use definition::value_format::ValueFormat;
