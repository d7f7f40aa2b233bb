//! The reason phrase of a proxied response, which is about the status that it came with.
//!
//! hyper's client keeps an unusual one in the response's extensions, and its server sends it, whatever the status is by
//! then. Without feature `hyper` the crate does not know its type.

use http::Extensions;

#[cfg(feature = "hyper")]
pub(super) fn remove(extensions: &mut Extensions) {
    extensions.remove::<hyper::ext::ReasonPhrase>();
}

#[cfg(not(feature = "hyper"))]
pub(super) fn remove(_: &mut Extensions) {}
