//! The way back, one confirmed action away.

use askama::Template;

use super::{
    frame::{Frame, Scene},
    stamped::Stamped,
    trouble::Trouble,
};
use crate::{admin::command::Form, rollout::Phase};

/// The page of the rollback.
#[derive(Debug, Template)]
#[template(
    path = "rollback.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Rollback {
    frame: Frame,
    entered: Stamped,
    incidents: Vec<String>,
    form: Form,
    trouble: Option<Trouble>,
}

impl Rollback {
    pub(crate) fn new(scene: &Scene, form: Form, trouble: Option<Trouble>) -> Self {
        let state = &scene.status.state;
        Self {
            frame: Frame::new("Roll back", scene),
            entered: Stamped::new(state.entered(), scene.now),
            incidents: state
                .open_incidents()
                .keys()
                .map(ToString::to_string)
                .collect(),
            form,
            trouble,
        }
    }

    /// Why there is nothing to roll back.
    fn why_not(&self) -> &'static str {
        match self.frame.phase {
            Phase::Observe => {
                "The flag is off because it was never switched on, or was given up. Who needs the old answers switches it on."
            }
            Phase::Compat => "The flag is on: old clients get the answers they expect already.",
            Phase::Cutover => {
                "A rollback has taken effect: the flag is on. It is being written to the journal."
            }
            Phase::Retired => {
                "Retirement is final. The flag cannot be switched on again, and the code may be gone."
            }
        }
    }
}
