//! Waivers: granting one, ending one, and those that there are.

use askama::Template;

use super::{
    frame::{Frame, Scene},
    moment::Moment,
    stamped::Stamped,
    trouble::Trouble,
};
use crate::time::Timestamp;
use crate::{
    admin::command::Form,
    rollout::{Waiver, names::WaiverTarget},
};

/// The page of the waivers.
#[derive(Debug, Template)]
#[template(path = "waive.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct Waivers {
    frame: Frame,
    kinds: Vec<String>,
    granted: Vec<Shown>,
    form: Form,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Shown {
    /// As the journal writes it.
    waived: String,
    /// Where those are listed that it is about.
    href: String,
    owner: String,
    until: Moment,
    holds: bool,
    granted: Stamped,
}

impl Waivers {
    pub(crate) fn new(
        scene: &Scene,
        kinds: Vec<String>,
        form: Form,
        trouble: Option<Trouble>,
    ) -> Self {
        let waivers = scene.status.state.waivers().iter();
        Self {
            frame: Frame::new("Waivers", scene),
            kinds,
            granted: waivers
                .map(|(waived, waiver)| Shown::new(scene, waived, waiver))
                .collect(),
            form,
            trouble,
        }
    }

    /// A week from now, as a form fills it in.
    fn proposed(&self) -> String {
        const WEEK: std::time::Duration = std::time::Duration::from_secs(7 * 86_400);
        date(self.frame.now.plus(WEEK))
    }

    fn until(&self) -> String {
        match self.form.field("until") {
            "" => self.proposed(),
            given => given.to_owned(),
        }
    }
}

fn date(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect()
}

impl Shown {
    fn new(scene: &Scene, waived: &WaiverTarget, grant: &Waiver) -> Self {
        let kind = match waived {
            WaiverTarget::Kind(kind) => kind.as_str(),
            _ => "",
        };
        let pairs = [("kind", kind), ("state", "depended")];
        Self {
            waived: waived.to_string(),
            href: format!("{}/callers{}", scene.base, super::query::query(&pairs)),
            owner: grant.owner.to_string(),
            until: Moment::new(grant.until, scene.now),
            holds: grant.holds(scene.now),
            granted: Stamped::new(&grant.granted, scene.now),
        }
    }
}
