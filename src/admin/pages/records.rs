//! What people and pipelines report: checks, incidents, rollbacks, client versions; and the policy.

use askama::Template;

use super::{
    explain::leaves,
    frame::{Frame, Scene},
    moment::Moment,
    stamped::Stamped,
    trouble::Trouble,
    wording::spoken,
};
use crate::time::Timestamp;
use crate::{
    admin::command::{CommandKind, Form},
    rollout::{Check, RolloutStatus, names::Identifier},
};

/// The page of the records.
#[derive(Debug, Template)]
#[template(
    path = "records.html",
    config = "src/admin/pages/templates/askama.toml"
)]
pub(crate) struct Records {
    frame: Frame,
    checks: Vec<CheckRow>,
    incidents: Vec<(String, Stamped)>,
    rollbacks: Vec<RollbackRow>,
    client_rollbacks: Vec<ClientRow>,
    kinds: Vec<String>,
    policy: Vec<(String, String)>,
    policy_set: Stamped,
    /// Which of the forms was sent, and could not be carried out.
    sent: Option<CommandKind>,
    form: Form,
    trouble: Option<Trouble>,
}

#[derive(Debug)]
struct CheckRow {
    name: String,
    required: bool,
    /// `green`, `red`, `too old` or `not reported`.
    verdict: &'static str,
    link: Option<String>,
    reported: Option<Stamped>,
}

#[derive(Debug)]
struct RollbackRow {
    seq: u64,
    incident: String,
    done: Stamped,
    lasted: String,
    running: bool,
    due: Moment,
    analysis: Option<String>,
}

#[derive(Debug)]
struct ClientRow {
    kind: String,
    version: String,
    incident: String,
    done: Stamped,
}

impl Records {
    pub(crate) fn new(
        scene: &Scene,
        kinds: Vec<String>,
        (sent, form): (Option<CommandKind>, Form),
        trouble: Option<Trouble>,
    ) -> Self {
        let (status, now) = (&*scene.status, scene.now);
        let incidents = status.state.open_incidents().iter();
        Self {
            frame: Frame::new("Records", scene),
            checks: checks(status, now),
            incidents: incidents
                .map(|(id, stamp)| (id.to_string(), Stamped::new(stamp, now)))
                .collect(),
            rollbacks: rollbacks(status, now),
            client_rollbacks: client_rollbacks(status, now),
            kinds,
            policy: leaves(status.policy.to_document().members()),
            policy_set: Stamped::new(status.state.policy_set(), now),
            sent,
            form,
            trouble,
        }
    }

    /// What was sent in a field of one of the forms of the page.
    fn sent(&self, form: CommandKind, field: &str) -> &str {
        if self.sent == Some(form) {
            self.form.field(field)
        } else {
            ""
        }
    }

    fn is_open(&self, form: CommandKind) -> bool {
        self.sent == Some(form)
    }
}

/// The required ones first, then the others that were reported.
fn checks(status: &RolloutStatus, now: Timestamp) -> Vec<CheckRow> {
    let (required, reported) = (status.policy.required_checks(), status.state.checks());
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
            reported: check.map(|check| Stamped::new(&check.reported, now)),
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
        Some(check) if now.since(check.reported.at) > status.policy.check_max_age() => "too old",
        Some(_) => "green",
    }
}

fn rollbacks(status: &RolloutStatus, now: Timestamp) -> Vec<RollbackRow> {
    let rollbacks = status.state.rollbacks().iter().rev();
    let row = rollbacks.map(|rollback| RollbackRow {
        seq: rollback.done.seq,
        incident: rollback.incident.to_string(),
        done: Stamped::new(&rollback.done, now),
        lasted: spoken(rollback.duration(now)),
        running: rollback.is_running(),
        due: Moment::new(rollback.done.at.plus(status.policy.rollback_limit()), now),
        analysis: rollback
            .post_analysis
            .as_ref()
            .map(|analysis| analysis.link.to_string()),
    });
    row.collect()
}

fn client_rollbacks(status: &RolloutStatus, now: Timestamp) -> Vec<ClientRow> {
    let rollbacks = status.state.client_rollbacks().iter().rev();
    let row = rollbacks.map(|back| ClientRow {
        kind: back.kind.to_string(),
        version: back.version.as_str().to_owned(),
        incident: back
            .incident
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default(),
        done: Stamped::new(&back.done, now),
    });
    row.collect()
}
