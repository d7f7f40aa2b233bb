//! An endpoint of a contract.

use super::outcome::Outcome;

/// A method and path pattern with a name, and its outcomes.
///
/// The path is in [matchit] syntax: `{id}` matches one segment, `{*rest}` everything that follows. It is matched against
/// the path as the layer sees it, without decoding; a static path takes precedence over a parameter. Faults of an
/// endpoint are reported when the contract is built.
///
/// [matchit]: https://docs.rs/matchit/0.8
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct Endpoint {
    pub(in crate::contract) name: String,
    pub(in crate::contract) method: String,
    pub(in crate::contract) path: String,
    pub(in crate::contract) outcomes: Vec<Outcome>,
}

impl Endpoint {
    /// An endpoint; `method` is a name such as `PATCH` or a [`http::Method`].
    pub fn new(name: impl Into<String>, method: impl AsRef<str>, path: impl Into<String>) -> Self {
        let method = method.as_ref().to_owned();
        Self {
            name: name.into(),
            method,
            path: path.into(),
            outcomes: Vec::new(),
        }
    }

    /// An endpoint for `GET`.
    pub fn get(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::GET, path)
    }

    /// An endpoint for `POST`.
    pub fn post(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::POST, path)
    }

    /// An endpoint for `PUT`.
    pub fn put(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::PUT, path)
    }

    /// An endpoint for `DELETE`.
    pub fn delete(name: impl Into<String>, path: impl Into<String>) -> Self {
        Self::new(name, http::Method::DELETE, path)
    }

    /// Adds an outcome after the others. A response counts as the first outcome that it matches.
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.outcomes.push(outcome);
        self
    }

    /// The name, which is also a label in metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The method's name.
    #[must_use]
    pub fn method(&self) -> &str {
        &self.method
    }

    /// The path pattern without the contract's base path.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The outcomes in the order in which they are tried.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }
}
