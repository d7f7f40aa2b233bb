//! Documents agree with the code: guide, alerts, floors, and the language of all prose.

mod alerts;
mod floors;
mod guide;
mod rust_text;
