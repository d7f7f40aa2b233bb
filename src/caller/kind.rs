//! The finite set of client kinds.

use std::sync::Arc;

/// One client kind: an index into the [`Kinds`] of the detector that gave it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(u8);

/// The finite set of client kinds that a detector tells apart, `other` always among them as the first.
///
/// ```
/// use legacy_http_compat::caller::{Kind, Kinds};
///
/// let kinds = Kinds::new(["UI_RUST", "AGENT", "MCP"]);
/// let agent = kinds.find("AGENT").expect("AGENT is in the set");
/// assert_eq!(kinds.name(agent), "AGENT");
/// assert_eq!(kinds.name(Kind::OTHER), "other");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kinds {
    names: Arc<[Box<str>]>,
}

impl Kind {
    /// The kind of every caller that is of no configured kind.
    pub const OTHER: Self = Self(0);

    /// The place of this kind in its [`Kinds`]; `other` has 0.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

impl Kinds {
    /// The most kinds a set holds, `other` included.
    pub const MAX: usize = 64;

    /// The set of these kinds and `other`. Repeated names and those beyond [`Kinds::MAX`] are left out.
    pub fn new<N: Into<String>>(names: impl IntoIterator<Item = N>) -> Self {
        let mut set: Vec<Box<str>> = vec!["other".into()];
        for name in names.into_iter().map(|name| name.into().into_boxed_str()) {
            if set.len() < Self::MAX && !set.contains(&name) {
                set.push(name);
            }
        }
        Self { names: set.into() }
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

    /// Whether both are clones of one set, which is told without a look at the names.
    pub(crate) fn is_same_set(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.names, &other.names)
    }
}

impl Default for Kinds {
    /// Only `other`.
    fn default() -> Self {
        Self::new([] as [&str; 0])
    }
}
