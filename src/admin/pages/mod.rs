//! The dashboard: pages that work without a script, and follow what happens with one.
//!
//! - `visit` and `sent` are what every handler begins with: somebody looks, or an operator has sent a form.
//! - `looking` and `acting` are the handlers; each page is a view in a file of its own, with a template of its own.
//! - `explain` says in plain words what each gate says; `sentence` what each event was; `alarms` what must not be overlooked.
//! - `chart` draws the curves.

mod acting;
mod alarms;
mod analysis;
mod assets;
mod bare;
mod callers;
mod callers_query;
mod chart;
mod choices;
mod entry;
mod explain;
pub(super) mod fault;
mod frame;
mod html;
mod journal;
mod kinds;
mod looking;
mod moment;
mod overview;
mod owed;
mod person;
mod phases;
mod query;
mod records;
mod remaining;
mod rollback;
mod router;
mod sent;
mod sentence;
pub(super) mod sign_in;
mod signing_in;
mod stamped;
mod standing;
mod step;
mod trouble;
mod visit;
mod waivers;
mod wording;

pub(super) use router::router;
