//! A header that is found for another reader in a detector's pass over a request's headers.

use http::{HeaderName, HeaderValue};

/// A header that the layer reads beside those of its detector. A look-up of its own costs as much as passing over several.
#[doc(hidden)]
#[derive(Debug)]
pub struct AlsoWanted<'n, 'h> {
    name: Option<&'n HeaderName>,
    found: Option<&'h HeaderValue>,
}

impl<'n, 'h> AlsoWanted<'n, 'h> {
    /// That of this name, if there is one.
    #[inline]
    pub(crate) const fn new(name: Option<&'n HeaderName>) -> Self {
        Self { name, found: None }
    }

    #[inline]
    pub(crate) const fn name(&self) -> Option<&'n HeaderName> {
        self.name
    }

    /// Notes its first value.
    #[inline]
    pub(crate) const fn find(&mut self, first: &'h HeaderValue) {
        self.found = Some(first);
    }

    /// Its first value; `None` if the request has none, or it was not looked for.
    #[inline]
    pub(crate) const fn found(&self) -> Option<&'h HeaderValue> {
        self.found
    }
}
