//! The finite set of client kinds.

use std::sync::Arc;

/// One client kind: an index into the [`Kinds`] of the detector that returned it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(u8);

/// The finite set of client kinds that a detector distinguishes, always starting with `other`.
///
/// ```
/// use legacy_http_compat::caller::{Kind, Kinds};
///
/// let kinds = Kinds::new(["UI_RUST", "AGENT", "MCP"])?;
/// let agent = kinds.find("AGENT").expect("AGENT is in the set");
/// assert_eq!(kinds.name(agent), "AGENT");
/// assert_eq!(kinds.name(Kind::OTHER), "other");
/// # Ok::<(), legacy_http_compat::caller::KindsError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    names: Arc<[Box<str>]>,
}

/// Why names make no set of kinds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct KindsError(#[from] KindsErrorKind);

/// What is wrong with the names of a set of kinds.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KindsErrorKind {
    /// This name occurs twice, or is `other`, which every set has.
    #[error("the kind {0:?} is listed twice")]
    Duplicate(String),
    /// There are this many names, `other` included.
    #[error("{0} kinds, `other` included; a set holds at most {max}", max = Kinds::MAX)]
    TooMany(usize),
}

impl Kind {
    /// The kind of every caller that matches no configured kind.
    pub const OTHER: Self = Self(0);

    /// The index of this kind in its [`Kinds`]; 0 for `other`.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Kinds {
    /// How many kinds a set holds at most, `other` included.
    pub const MAX: usize = 64;

    /// The set of `other` and these kinds.
    ///
    /// # Errors
    ///
    /// When a name occurs twice, or there are more than [`Kinds::MAX`].
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Result<Self, KindsError> {
        let mut set: Vec<Box<str>> = vec!["other".into()];
        for name in names.into_iter().map(Into::into) {
            if set.iter().any(|known| **known == *name) {
                return Err(KindsErrorKind::Duplicate(name).into());
            }
            set.push(name.into());
        }
        if set.len() > Self::MAX {
            return Err(KindsErrorKind::TooMany(set.len()).into());
        }
        Ok(Self { names: set.into() })
    }

    /// The kind of this exact name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<Kind> {
        let index = self.names.iter().position(|known| **known == *name)?;
        u8::try_from(index).ok().map(Kind)
    }

    /// The name of a kind; `other` for one of a larger set.
    #[must_use]
    pub fn name(&self, kind: Kind) -> &str {
        self.names.get(kind.index()).map_or("other", |name| name)
    }

    /// All names in the order of their [`Kind::index`], `other` first.
    #[must_use]
    pub fn names(&self) -> impl ExactSizeIterator<Item = &str> {
        self.names.iter().map(|name| &**name)
    }

    /// Whether both are clones of one set; the names are not compared.
    pub(crate) fn is_same_set(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.names, &other.names)
    }
}

impl Default for Kinds {
    /// Only `other`.
    fn default() -> Self {
        Self {
            names: Arc::new(["other".into()]),
        }
    }
}

impl KindsError {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> &KindsErrorKind {
        &self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn repeated_and_too_many_names_are_refused_and_named() {
        let error = |names: Vec<String>| Kinds::new(names).unwrap_err();
        for (names, repeated) in [(["A", "A"], "A"), (["A", "other"], "other")] {
            let error = error(names.map(str::to_owned).into());
            assert_eq!(
                *error.kind(),
                KindsErrorKind::Duplicate(repeated.to_owned())
            );
            assert!(error.to_string().contains(repeated));
        }
        let numbered = |count: usize| (1..count).map(|number| format!("K{number}"));
        assert!(Kinds::new(numbered(Kinds::MAX)).is_ok());
        let many = error(numbered(Kinds::MAX + 1).collect());
        assert_eq!(*many.kind(), KindsErrorKind::TooMany(65));
        assert!(many.to_string().contains("65 kinds"));
    }
}
