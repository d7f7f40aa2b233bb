//! The page of records: checks, incidents, rollbacks, client rollbacks, and the policy.

use askama::Template;

use super::{
    explain::json_rows,
    layout::{Layout, PageContext},
    submitted_form::FormError,
    time_tag::{Attribution, TimeTag},
};
use crate::{
    admin::{
        command::{CommandKind, Form},
        format::duration,
    },
    rollout::{Check, RolloutStatus, names::Identifier},
    time::Timestamp,
};

/// The page of records.
#[derive(Debug, Template)]
#[template(
    path = "records.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct RecordsPage {
    layout: Layout,
    checks: Vec<CheckRow>,
    incidents: Vec<(String, Attribution)>,
    rollbacks: Vec<RollbackRow>,
    client_rollbacks: Vec<ClientRow>,
    kinds: Vec<String>,
    policy: Vec<(String, String)>,
    policy_set: Attribution,
    /// Which of the forms was rejected.
    rejected: Option<CommandKind>,
    form: Form,
    error: Option<FormError>,
}

#[derive(Debug)]
struct CheckRow {
    name: String,
    required: bool,
    /// `green`, `red`, `too old` or `not reported`.
    verdict: &'static str,
    link: Option<String>,
    reported: Option<Attribution>,
}

#[derive(Debug)]
struct RollbackRow {
    seq: u64,
    incident: String,
    done: Attribution,
    lasted: String,
    running: bool,
    due: TimeTag,
    analysis: Option<String>,
}

#[derive(Debug)]
struct ClientRow {
    kind: String,
    version: String,
    incident: String,
    done: Attribution,
}

impl RecordsPage {
    pub(crate) fn new(
        context: &PageContext,
        kinds: Vec<String>,
        (rejected, form): (Option<CommandKind>, Form),
        error: Option<FormError>,
    ) -> Self {
        let (status, now) = (&*context.status, context.now);
        let incidents = status.state.open_incidents.iter();
        Self {
            layout: Layout::new("Records", context),
            checks: checks(status, now),
            incidents: incidents
                .map(|(id, opened)| (id.to_string(), Attribution::new(opened, now)))
                .collect(),
            rollbacks: rollbacks(status, now),
            client_rollbacks: client_rollbacks(status, now),
            kinds,
            policy: json_rows(status.policy.to_document().members()),
            policy_set: Attribution::new(&status.state.policy_set, now),
            rejected,
            form,
            error,
        }
    }

    /// The value of a field, if this is the rejected form.
    fn field(&self, form: CommandKind, field: &str) -> &str {
        if self.is_rejected(form) {
            self.form.field(field)
        } else {
            ""
        }
    }

    fn is_rejected(&self, form: CommandKind) -> bool {
        self.rejected == Some(form)
    }
}

/// The required checks first, then the others that were reported.
fn checks(status: &RolloutStatus, now: Timestamp) -> Vec<CheckRow> {
    let (required, reported) = (&status.policy.required_checks, &status.state.checks);
    let others = reported.keys().filter(|name| !required.contains(name));
    let row = |name: &Identifier, is_required| {
        let check = reported.get(name);
        CheckRow {
            name: name.to_string(),
            required: is_required,
            verdict: verdict(check, status, now),
            link: check
                .and_then(|check| check.link.as_ref())
                .map(ToString::to_string),
            reported: check.map(|check| Attribution::new(&check.reported, now)),
        }
    };
    let required = required.iter().map(|name| row(name, true));
    required
        .chain(others.map(|name| row(name, false)))
        .collect()
}

fn verdict(check: Option<&Check>, status: &RolloutStatus, now: Timestamp) -> &'static str {
    match check {
        None => "not reported",
        Some(check) if !check.green => "red",
        Some(check) if now.since(check.reported.at) > status.policy.check_max_age => "too old",
        Some(_) => "green",
    }
}

fn rollbacks(status: &RolloutStatus, now: Timestamp) -> Vec<RollbackRow> {
    let rollbacks = status.state.rollbacks.iter().rev();
    let row = rollbacks.map(|rollback| RollbackRow {
        seq: rollback.done.seq,
        incident: rollback.incident.to_string(),
        done: Attribution::new(&rollback.done, now),
        lasted: duration(rollback.duration(now)),
        running: rollback.is_running(),
        due: TimeTag::new(rollback.done.at.plus(status.policy.rollback_limit), now),
        analysis: rollback
            .post_analysis
            .as_ref()
            .map(|analysis| analysis.link.to_string()),
    });
    row.collect()
}

fn client_rollbacks(status: &RolloutStatus, now: Timestamp) -> Vec<ClientRow> {
    let rollbacks = status.state.client_rollbacks.iter().rev();
    let row = rollbacks.map(|back| ClientRow {
        kind: back.kind.to_string(),
        version: back.version.as_str().to_owned(),
        incident: back
            .incident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        done: Attribution::new(&back.done, now),
    });
    row.collect()
}
