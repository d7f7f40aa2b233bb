//! What an operator does and sees, through the admin API.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    http_client::{HttpClient, send},
    response::Answer,
};
use crate::core_app::room::ROOM;

/// Somebody with a token of the operator's room.
#[derive(Clone)]
pub(crate) struct Operator {
    http: HttpClient,
    token: String,
}

impl Operator {
    pub(crate) fn new(http: HttpClient, token: &str) -> Self {
        Self {
            http,
            token: token.to_owned(),
        }
    }

    /// Reads `/rollout/api/…`.
    pub(crate) async fn see(&self, what: &str) -> Answer {
        let request = self
            .http
            .request(Method::GET, &format!("{ROOM}/api/{what}"));
        send(request.bearer_auth(&self.token)).await
    }

    /// Posts to `/rollout/api/…`.
    pub(crate) async fn order(&self, what: &str, body: &Value) -> Answer {
        let request = self
            .http
            .request(Method::POST, &format!("{ROOM}/api/{what}"));
        send(request.bearer_auth(&self.token).json(body)).await
    }

    /// How the rollout stands.
    pub(crate) async fn status(&self) -> Value {
        self.page("status").await
    }

    /// What the census says of a window such as `24h`.
    pub(crate) async fn report(&self, window: &str) -> Value {
        self.page(&format!("report?window={window}")).await
    }

    /// What the gates of a step would say now.
    pub(crate) async fn dry_run(&self, step: &str) -> Value {
        self.page(&format!("transitions/{step}")).await
    }

    /// All that is journaled, as far as one page goes.
    pub(crate) async fn journal(&self) -> Vec<Value> {
        let page = self.page("journal?limit=500").await;
        page["events"].as_array().cloned().unwrap_or_default()
    }

    /// Goes to a phase.
    pub(crate) async fn step(&self, to: &str, reason: &str) -> Answer {
        self.order("transitions", &json!({ "to": to, "reason": reason }))
            .await
    }

    pub(crate) async fn roll_back(&self, incident: &str, reason: &str) -> Answer {
        self.order(
            "rollbacks",
            &json!({ "incident": incident, "reason": reason }),
        )
        .await
    }

    pub(crate) async fn report_check(&self, check: &str, green: bool) -> Answer {
        let body = json!({
            "check": check,
            "green": green,
            "link": "https://ci.example/runs/17",
            "reason": "a pipeline ran",
        });
        self.order("checks", &body).await
    }

    pub(crate) async fn close_incident(&self, incident: &str, reason: &str) -> Answer {
        let body = json!({ "incident": incident, "reason": reason });
        self.order("incidents/close", &body).await
    }

    /// Clients of a kind are back at an earlier version because of an incident.
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

    /// What `/rollout/api/…` shows.
    pub(crate) async fn page(&self, what: &str) -> Value {
        let response = self.see(what).await;
        assert_eq!(response.status, 200, "{what}: {}", response.text);
        response.json
    }
}
