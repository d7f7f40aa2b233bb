//! What the lines of a chart stand for.

use super::line::Look;
use crate::admin::pages::wording::percent;

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

/// A part of the whole; empty where there is none.
#[expect(clippy::cast_precision_loss, reason = "shown with one decimal")]
pub(super) fn share_of(some: u64, all: u64) -> String {
    if all == 0 || some == 0 {
        return String::new();
    }
    match some as f64 / all as f64 {
        share if share < 0.001 => "below 0.1 %".to_owned(),
        share => percent(share),
    }
}
