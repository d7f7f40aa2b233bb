//! The requests of the device flow, over a real socket.

use http::{HeaderMap, HeaderName, HeaderValue};
use reqwest::{Method, RequestBuilder, header};
use serde_json::{Value, json};

use super::response::Answer;

const CLIENTS: &str = "/api/v1/auth/clients";

/// Talks to one server, with the same headers each time. Clones share their connections.
#[derive(Clone)]
pub(crate) struct HttpClient {
    base: String,
    headers: HeaderMap,
    http: reqwest::Client,
}

impl HttpClient {
    /// A client of the server at `base`, like `http://127.0.0.1:8080`.
    pub(crate) fn new(base: impl Into<String>) -> Self {
        let http = reqwest::Client::builder().no_proxy().build();
        let client = Self {
            base: base.into(),
            headers: HeaderMap::new(),
            http: http.expect("the client has nothing to fail on"),
        };
        client.with_user_agent("core-test/0.0.0")
    }

    /// Host and port.
    pub(crate) fn address(&self) -> &str {
        self.base.trim_start_matches("http://")
    }

    pub(crate) fn with_user_agent(self, user_agent: &str) -> Self {
        self.with_header("user-agent", user_agent)
    }

    pub(crate) fn without_user_agent(mut self) -> Self {
        self.headers.remove(header::USER_AGENT);
        self
    }

    pub(crate) fn with_header(mut self, name: &'static str, value: &str) -> Self {
        let value = HeaderValue::from_str(value).expect("a valid value");
        self.headers.insert(HeaderName::from_static(name), value);
        self
    }

    /// A request to be completed by the test.
    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.http.request(method, format!("{}{path}", self.base));
        request.headers(self.headers.clone())
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn start(&self, kind: &str) -> Answer {
        self.clients("device/start", &json!({ "client_kind": kind }))
            .await
    }

    pub(crate) async fn poll(&self, device_code: &str) -> Answer {
        self.clients("device/poll", &json!({ "device_code": device_code }))
            .await
    }

    /// A poll with one header more.
    pub(crate) async fn poll_as(&self, device_code: &str, name: &str, value: &str) -> Answer {
        let request = self.request(Method::POST, &format!("{CLIENTS}/device/poll"));
        let body = json!({ "device_code": device_code });
        send(request.header(name, value).json(&body)).await
    }

    pub(crate) async fn cancel(&self, device_code: &str) -> Answer {
        self.clients("device/cancel", &json!({ "device_code": device_code }))
            .await
    }

    pub(crate) async fn token(&self, id: &str, kind: &str, secret_key: &str) -> Answer {
        let body = json!({ "client_id": id, "client_kind": kind, "secret_key": secret_key });
        self.clients("token", &body).await
    }

    pub(crate) async fn me(&self, access_token: &str) -> Answer {
        let request = self.request(Method::GET, &format!("{CLIENTS}/me"));
        send(request.bearer_auth(access_token)).await
    }

    /// Posts JSON to an endpoint under `/api/v1/auth/clients/`.
    pub(crate) async fn clients(&self, endpoint: &str, body: &Value) -> Answer {
        let path = format!("{CLIENTS}/{endpoint}");
        send(self.request(Method::POST, &path).json(body)).await
    }

    /// Presses a button of the approval page: `approve` or `deny`.
    pub(crate) async fn decide(&self, user_code: &str, decision: &str) -> Answer {
        let form = format!("user_code={user_code}&decision={decision}");
        let request = self.request(Method::POST, "/device");
        let form_type = "application/x-www-form-urlencoded";
        send(request.header(header::CONTENT_TYPE, form_type).body(form)).await
    }
}

/// Sends a request and reads the whole response.
pub(crate) async fn send(request: RequestBuilder) -> Answer {
    let response = request.send().await.expect("the server answers");
    let status = response.status().as_u16();
    let headers = response.headers().clone();
    let text = response.text().await.expect("the answer is whole");
    Answer::new(status, headers, text)
}
