//! Identification of callers: client kind, generation and fingerprint.
//!
//! A [`Detect`] identifies the [`Caller`] of a request from its head. [`SignalDetector`] is the one that most
//! applications need; its page has the rules in order, and an example. Without a detector every caller is an anonymous
//! legacy caller, as by [`AnonymousLegacy`].
//!
//! Nothing that a client sent is kept: an installation is known by its [`Fingerprint`] under the application's
//! [`FingerprintKey`], and by its [`ClientVersion`].

mod also_wanted;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that the module is named for"
)]
mod caller;
mod detect;
mod detector;
mod fingerprint;
mod kind;
mod user_agent;
mod version;

#[doc(hidden)]
pub use also_wanted::AlsoWanted;
pub use caller::{Caller, ClientAddr, Generation};
pub use detect::{AnonymousLegacy, Detect, RulesDigest, Vary};
pub use detector::{
    DetectorError, IdentitySignal, KindSource, SignalDetector, SignalDetectorBuilder, SignalPart,
};
pub use fingerprint::{
    Fingerprint, FingerprintKey, FingerprintKeyError, FingerprintKeyErrorKind, KeyCheck,
};
pub use kind::{Kind, Kinds, KindsError, KindsErrorKind};
pub use user_agent::{Product, Products};
pub use version::ClientVersion;

#[cfg(test)]
mod version_tests;
