//! What an operator does and sees, through the admin API.

use reqwest::Method;
use serde_json::{Value, json};

use super::{
    http_client::{HttpClient, send},
    response::Answer,
};
use crate::core_app::admin::ADMIN_PATH;

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
            .request(Method::GET, &format!("{ADMIN_PATH}/api/{what}"));
        send(request.bearer_auth(&self.token)).await
    }

    /// Posts to `/rollout/api/…`.
    pub(crate) async fn order(&self, what: &str, body: &Value) -> Answer {
        let request = self
            .http
            .request(Method::POST, &format!("{ADMIN_PATH}/api/{what}"));
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

    /// What `/rollout/api/…` shows.
    pub(crate) async fn page(&self, what: &str) -> Value {
        let response = self.see(what).await;
        assert_eq!(response.status, 200, "{what}: {}", response.text);
        response.json
    }
}
