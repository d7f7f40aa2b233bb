//! What the lines of a chart stand for.

use super::line::Look;

/// One entry of the key.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(super) look: Option<Look>,
    pub(super) name: String,
    /// What else there is to say of it.
    pub(super) note: String,
    pub(super) number: String,
    /// What the number is in relation to the others.
    pub(super) share: String,
}
