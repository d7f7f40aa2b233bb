//! A client that holds every response to the `OpenAPI` document, and to the headers that all have.

use std::sync::Arc;

use reqwest::{Method, RequestBuilder, redirect::Policy};
use serde_json::Value;

use super::{document::Document, response::Answer};

const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
                      form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// A client with the same credentials each time.
#[derive(Clone)]
pub(crate) struct Client {
    http: reqwest::Client,
    base: String,
    document: Option<Arc<Document>>,
    headers: Vec<(&'static str, String)>,
}

impl Client {
    /// A client without credentials.
    pub(crate) fn new(base: String) -> Self {
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(Policy::none());
        Self {
            http: http.build().unwrap(),
            base,
            document: None,
            headers: Vec::new(),
        }
    }

    pub(crate) fn knowing(mut self, document: Arc<Document>) -> Self {
        self.document = Some(document);
        self
    }

    pub(crate) fn document(&self) -> &Document {
        self.document.as_ref().unwrap()
    }

    pub(crate) fn with(&self, name: &'static str, value: impl Into<String>) -> Self {
        let mut client = self.clone();
        client.headers.push((name, value.into()));
        client
    }

    pub(crate) fn bearing(&self, token: &str) -> Self {
        self.with("authorization", format!("Bearer {token}"))
    }

    pub(crate) fn in_session(&self, secret: &str) -> Self {
        self.with(
            "cookie",
            format!("rollout_features.auth.device_flow.compat_legacy_http={secret}"),
        )
    }

    pub(crate) fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        let request = self.http.request(method, format!("{}{path}", self.base));
        let headers = self.headers.iter();
        headers.fold(request, |request, (name, value)| {
            request.header(*name, value)
        })
    }

    /// Sends a request and holds the response to what is known of it.
    pub(crate) async fn send(&self, method: &str, path: &str, request: RequestBuilder) -> Answer {
        let response = Answer::read(request.send().await.unwrap()).await;
        held_to_headers(&response);
        if let Some(document) = self.document.as_ref().filter(|_| is_api(path)) {
            document.hold(method, path, &response);
        }
        response
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, self.request("GET", path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        let request = self.request("POST", path).json(body);
        self.send("POST", path, request).await
    }

    /// A body as it stands.
    pub(crate) async fn post_text(
        &self,
        path: &str,
        media: &str,
        body: impl Into<String>,
    ) -> Answer {
        let request = self.request("POST", path);
        let request = request.header("content-type", media).body(body.into());
        self.send("POST", path, request).await
    }

    pub(crate) async fn post_form(&self, path: &str, body: &str) -> Answer {
        self.post_text(path, "application/x-www-form-urlencoded", body)
            .await
    }
}

fn is_api(path: &str) -> bool {
    path.starts_with("/api/") || path.starts_with("/openapi")
}

fn held_to_headers(response: &Answer) {
    for (name, value) in [
        ("content-security-policy", POLICY),
        ("cache-control", "no-store"),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
    ] {
        let lines = response.headers.get_all(name).iter().count();
        assert_eq!(
            (response.header(name), lines),
            (Some(value), 1),
            "{name}: {response:?}"
        );
    }
    assert!(
        response.header("x-correlation-id").is_some(),
        "{response:?}"
    );
}
