//! Why a form was not carried out.

use super::entry::Entry;

/// Why a form was not carried out, in words for whoever sent it.
#[derive(Clone, Debug, Default)]
pub(in crate::admin::pages) struct Trouble {
    pub(in crate::admin::pages) title: String,
    pub(in crate::admin::pages) text: String,
    /// What others did meanwhile, oldest first.
    pub(in crate::admin::pages) happened: Vec<Entry>,
}
