//! The page of the rollback, and the page of its post-analysis.

use askama::Template;

use super::{
    layout::{Layout, PageContext},
    submitted_form::FormError,
    time_tag::{Attribution, TimeTag},
};
use crate::{
    admin::{command::Form, format::duration},
    rollout::{Phase, PostAnalysis, Rollback},
    time::Timestamp,
};

/// The page of the rollback.
#[derive(Debug, Template)]
#[template(
    path = "rollback.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct RollbackPage {
    layout: Layout,
    entered: Attribution,
    incidents: Vec<String>,
    form: Form,
    error: Option<FormError>,
}

/// The page of a post-analysis.
#[derive(Debug, Template)]
#[template(
    path = "post_analysis.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct PostAnalysisPage {
    layout: Layout,
    seq: u64,
    incident: String,
    done: Attribution,
    lasted: String,
    running: bool,
    due: TimeTag,
    filed: Option<Filed>,
    form: Form,
    error: Option<FormError>,
}

#[derive(Debug)]
struct Filed {
    link: String,
    summary: String,
    by: Attribution,
}

impl RollbackPage {
    pub(crate) fn new(context: &PageContext, form: Form, error: Option<FormError>) -> Self {
        let state = &context.status.state;
        let incidents = state.open_incidents.keys();
        Self {
            layout: Layout::new("Roll back", context),
            entered: Attribution::new(&state.entered, context.now),
            incidents: incidents.map(ToString::to_string).collect(),
            form,
            error,
        }
    }

    /// The incident to start with: the only open one.
    fn incident(&self) -> &str {
        match (self.form.field("incident"), self.incidents.as_slice()) {
            ("", [incident]) => incident,
            (incident, _) => incident,
        }
    }

    /// Why there is nothing to roll back.
    fn why_not(&self) -> &'static str {
        match self.layout.phase {
            Phase::Observe => {
                "The flag is off because it was never switched on, or the rollout was aborted. To serve legacy responses, switch the flag on."
            }
            Phase::Compat => "The flag is on: legacy clients already get legacy responses.",
            Phase::Cutover => {
                "A rollback has taken effect: the flag is on. Its event is being written to the journal."
            }
            Phase::Retired => {
                "Retirement is final: the flag cannot be switched on again, and the code may be gone."
            }
        }
    }
}

impl PostAnalysisPage {
    pub(crate) fn new(
        context: &PageContext,
        rollback: &Rollback,
        form: Form,
        error: Option<FormError>,
    ) -> Self {
        let now = context.now;
        let filed = rollback.post_analysis.as_ref();
        let limit = context.status.policy.rollback_limit;
        Self {
            layout: Layout::new("Post-analysis", context),
            seq: rollback.done.seq,
            incident: rollback.incident.to_string(),
            done: Attribution::new(&rollback.done, now),
            lasted: duration(rollback.duration(now)),
            running: rollback.is_running(),
            due: TimeTag::new(rollback.done.at.plus(limit), now),
            filed: filed.map(|analysis| Filed::new(analysis, now)),
            form,
            error,
        }
    }
}

impl Filed {
    fn new(analysis: &PostAnalysis, now: Timestamp) -> Self {
        Self {
            link: analysis.link.to_string(),
            summary: analysis.summary.to_string(),
            by: Attribution::new(&analysis.filed, now),
        }
    }
}
