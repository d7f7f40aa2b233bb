//! Who asked: client kind, generation and fingerprint.
//!
//! A [`Detect`] tells the [`Caller`] of a request from its head. [`SignalDetector`] is the one that most
//! applications need; its page has the rules in their order and an example. Where none is set,
//! [`AnonymousLegacy`] takes every caller for an anonymous legacy one.
//!
//! Nothing here keeps what a client sent: an installation is known by its [`Fingerprint`] under the
//! application's [`FingerprintKey`], and by the version it named if that is one.

#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod caller;
mod client_addr;
mod detect;
mod detector;
mod fingerprint_key;
mod kind;
mod pseudonym;
mod user_agent;
mod vary;
mod version;

pub use caller::{Caller, Fingerprint, Generation};
pub use client_addr::ClientAddr;
pub use detect::{AnonymousLegacy, Detect};
pub use detector::{
    DetectorError, IdentitySignal, KindSource, SignalDetector, SignalDetectorBuilder, SignalPart,
};
pub use fingerprint_key::{FingerprintKey, FingerprintKeyError, FingerprintKeyErrorKind, KeyCheck};
pub use kind::{Kind, Kinds, KindsError, KindsErrorKind};
pub use user_agent::{Product, Products};
pub use vary::Vary;
pub use version::ClientVersion;
