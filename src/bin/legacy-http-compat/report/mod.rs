//! `report`: the whole story of a rollout as Markdown.

mod document;
mod sections;
mod timeline;

pub(crate) use document::run;
