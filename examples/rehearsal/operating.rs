//! The operator's commands that only the rehearsal uses.

use serde_json::{Value, json};

use crate::support::{operator::Operator, response::Answer};

impl Operator {
    /// Evaluates the gates of a transition.
    pub(crate) async fn dry_run(&self, step: &str) -> Value {
        self.page(&format!("transitions/{step}")).await
    }

    pub(crate) async fn report_check(&self, check: &str, green: bool) -> Answer {
        let body = json!({
            "check": check,
            "green": green,
            "link": "https://ci.example/runs/17",
            "reason": "the pipeline has run",
        });
        self.order("checks", &body).await
    }

    pub(crate) async fn close_incident(&self, incident: &str, reason: &str) -> Answer {
        let body = json!({ "incident": incident, "reason": reason });
        self.order("incidents/close", &body).await
    }

    /// Records that clients of a kind were rolled back to an earlier version because of an incident.
    pub(crate) async fn client_rolled_back(
        &self,
        kind: &str,
        version: &str,
        incident: &str,
    ) -> Answer {
        let body = json!({
            "kind": kind,
            "version": version,
            "incident": incident,
            "reason": "the new version does not start everywhere",
        });
        self.order("client-rollbacks", &body).await
    }

    pub(crate) async fn file_post_analysis(&self, rollback: u64, summary: &str) -> Answer {
        let body = json!({
            "rollback": rollback,
            "link": "https://wiki.example/incidents/17",
            "summary": summary,
            "reason": "the review is done",
        });
        self.order("post-analyses", &body).await
    }
}
