//! Finding fields in a JSON text without reading more of it than needed.
//!
//! `serde_json` cannot do it: it reads every token, the only way out of a visitor in the middle of a document is an error,
//! which allocates, and a deserialiser does not wait for more of its text.

use super::block::is_plain;
use crate::diagnostics::{Diagnostics, FaultCode};

/// The fields that are requested of a text, compiled into a tree of member names.
///
/// A value that is requested is validated whole, any other is only skipped, and nothing is read behind the last that is needed.
/// Whether a field is *absent* only a whole and valid text can say. A requested member that is repeated makes the text
/// malformed, as far as the scan gets to it.
#[derive(Debug)]
pub(crate) struct FieldScanner {
    /// The first is the root.
    branches: Vec<Branch>,
    requested: usize,
}

pub(super) type BranchIndex = u16;

#[derive(Debug, Default)]
pub(super) struct Branch {
    pub(super) slot: Option<usize>,
    pub(super) children: Vec<Child>,
    /// The lengths of the children's names, one bit each.
    lengths: u64,
}

#[derive(Debug)]
pub(super) struct Child {
    name: Box<str>,
    /// How a text begins whose first member has this name, up to the value; empty for a name that can be written in several ways.
    pub(super) opening: Box<[u8]>,
    /// Where the name is one: its number of an element of an array.
    element: Option<u64>,
    pub(super) branch: BranchIndex,
}

impl FieldScanner {
    /// The most fields that can be requested of one text: one bit each.
    pub(crate) const MAX_FIELDS: usize = 64;

    /// The most levels that a pointer may go down.
    pub(crate) const MAX_DEPTH: usize = 16;

    pub(super) const ROOT: BranchIndex = 0;

    /// Asks for the field at `pointer` and returns its slot; adds a fault if there can be none.
    pub(crate) fn add(&mut self, pointer: &str, diagnostics: &mut Diagnostics) -> Option<usize> {
        let tokens = tokens(pointer).filter(|tokens| tokens.len() <= Self::MAX_DEPTH);
        let Some(tokens) = tokens else {
            let most = Self::MAX_DEPTH;
            let expected =
                format!("a JSON pointer such as /status (RFC 6901), at most {most} levels deep");
            diagnostics.add(FaultCode::InvalidPointer, pointer, expected);
            return None;
        };
        let mut tokens = tokens.iter();
        let branch = tokens.try_fold(Self::ROOT, |branch, token| self.child(branch, token));
        let slot = branch.and_then(|branch| self.slot(branch));
        if slot.is_none() {
            let expected = format!("at most {} different fields of one body", Self::MAX_FIELDS);
            diagnostics.add(FaultCode::TooMany, pointer, expected);
        }
        slot
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.requested == 0
    }

    /// How many fields are requested; their slots are the numbers below.
    pub(crate) fn len(&self) -> usize {
        self.requested
    }

    pub(super) fn branch(&self, index: BranchIndex) -> &Branch {
        &self.branches[usize::from(index)]
    }

    fn child(&mut self, parent: BranchIndex, name: &str) -> Option<BranchIndex> {
        if let Some((_, child)) = self.branch(parent).named(name.as_bytes()) {
            return Some(child);
        }
        let branch = BranchIndex::try_from(self.branches.len()).ok();
        let branch = branch.filter(|_| self.requested < Self::MAX_FIELDS)?;
        self.branches.push(Branch::default());
        let parent = &mut self.branches[usize::from(parent)];
        parent.lengths |= length_bit(name.len());
        parent.children.push(Child {
            name: name.into(),
            opening: opening(name).into_bytes().into(),
            element: element(name),
            branch,
        });
        Some(branch)
    }

    fn slot(&mut self, branch: BranchIndex) -> Option<usize> {
        let branch = &mut self.branches[usize::from(branch)];
        if branch.slot.is_none() && self.requested < Self::MAX_FIELDS {
            branch.slot = Some(self.requested);
            self.requested += 1;
        }
        branch.slot
    }
}

impl Default for FieldScanner {
    fn default() -> Self {
        Self {
            branches: vec![Branch::default()],
            requested: 0,
        }
    }
}

impl Branch {
    /// Whether a child may have a name of this length.
    #[inline]
    pub(super) fn has_name_of(&self, length: usize) -> bool {
        self.lengths & length_bit(length) != 0
    }

    /// The number of the child of this name among the children, and its branch.
    #[inline]
    pub(super) fn named(&self, name: &[u8]) -> Option<(usize, BranchIndex)> {
        let mut children = self.children.iter();
        let index = children.position(|child| child.name.as_bytes() == name)?;
        Some((index, self.children[index].branch))
    }

    /// The child whose member a text has first, and its number.
    #[inline]
    pub(super) fn opening(&self, text: &[u8]) -> Option<(usize, &Child)> {
        let mut children = self.children.iter().enumerate();
        children.find(|(_, child)| !child.opening.is_empty() && begins(text, &child.opening))
    }

    /// The child whose member is at the beginning of a text, and its number, except those that have been `met`, one bit each.
    #[inline]
    pub(super) fn beginning(&self, text: &[u8], met: u64) -> Option<(usize, &Child)> {
        let children = self.children.iter().enumerate();
        let mut children = children.filter(|(index, _)| met & 1 << index == 0);
        children.find(|(_, child)| match &*child.opening {
            [_, member @ ..] => begins(text, member),
            [] => false,
        })
    }

    /// The child for an element of an array.
    pub(super) fn element(&self, index: u64) -> Option<BranchIndex> {
        let mut children = self.children.iter();
        let child = children.find(|child| child.element == Some(index))?;
        Some(child.branch)
    }
}

/// The beginning of an object, up to the value of its first member.
fn opening(name: &str) -> String {
    if is_plain(name.as_bytes()) {
        format!("{{\"{name}\":")
    } else {
        String::new()
    }
}

/// Whether a text begins with these bytes: mostly 8 to 16, for which two words that may overlap cost less than a call.
#[inline]
fn begins(text: &[u8], with: &[u8]) -> bool {
    let Some(beginning) = text.get(..with.len()) else {
        return false;
    };
    match (beginning.first_chunk::<8>(), beginning.last_chunk::<8>()) {
        (Some(first), Some(last)) if with.len() <= 16 => {
            with.first_chunk() == Some(first) && with.last_chunk() == Some(last)
        }
        _ => beginning == with,
    }
}

/// Lengths that differ by 64 share a bit.
#[inline]
const fn length_bit(length: usize) -> u64 {
    1 << (length % 64)
}

/// The index of an array's element in decimal without leading zeros (RFC 6901, section 4).
fn element(token: &str) -> Option<u64> {
    let is_index = token == "0" || !token.starts_with(['0', '+']);
    token.parse().ok().filter(|_| is_index)
}

/// The reference tokens of a JSON pointer (RFC 6901, section 3), unescaped.
pub(crate) fn tokens(pointer: &str) -> Option<Vec<String>> {
    if pointer.is_empty() {
        return Some(Vec::new());
    }
    pointer
        .strip_prefix('/')?
        .split('/')
        .map(unescape)
        .collect()
}

/// `~1` is `/`, `~0` is `~`, and no other escape exists.
fn unescape(token: &str) -> Option<String> {
    let mut text = String::with_capacity(token.len());
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        text.push(match c {
            '~' => match chars.next()? {
                '0' => '~',
                '1' => '/',
                _ => return None,
            },
            other => other,
        });
    }
    Some(text)
}
