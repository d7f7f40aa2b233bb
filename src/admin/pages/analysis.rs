//! The post-analysis of a rollback.

use askama::Template;

use super::{
    frame::{Frame, Scene},
    moment::Moment,
    stamped::Stamped,
    trouble::Trouble,
    wording::spoken,
};
use crate::{admin::command::Form, rollout::Rollback};

/// The page of a post-analysis.
#[derive(Debug, Template)]
#[template(
    path = "analysis.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Analysis {
    frame: Frame,
    seq: u64,
    incident: String,
    done: Stamped,
    lasted: String,
    running: bool,
    due: Moment,
    filed: Option<Filed>,
    form: Form,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct Filed {
    link: String,
    summary: String,
    stamp: Stamped,
}

impl Analysis {
    pub(crate) fn new(
        scene: &Scene,
        rollback: &Rollback,
        form: Form,
        trouble: Option<Trouble>,
    ) -> Self {
        let now = scene.now;
        let filed = rollback.post_analysis.as_ref().map(|analysis| Filed {
            link: analysis.link.to_string(),
            summary: analysis.summary.to_string(),
            stamp: Stamped::new(&analysis.filed, now),
        });
        let due = rollback.done.at.plus(scene.status.policy.rollback_limit());
        Self {
            frame: Frame::new("Post-analysis", scene),
            seq: rollback.done.seq,
            incident: rollback.incident.to_string(),
            done: Stamped::new(&rollback.done, now),
            lasted: spoken(rollback.duration(now)),
            running: rollback.is_running(),
            due: Moment::new(due, now),
            filed,
            form,
            trouble,
        }
    }
}
