//! Documents agree with the code: guide, alerts, floors, and the language of all prose.

mod alerts;
mod features;
mod floors;
mod guide;
mod language;
mod rust_text;
mod telemetry;
