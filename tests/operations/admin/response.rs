//! A response, read whole.

use http::HeaderMap;
use serde_json::Value;

#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        Self {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            text: response.text().await.unwrap(),
        }
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{self:?}"))
    }

    /// The last part of the type of the problem that it must be.
    pub(crate) fn problem(&self) -> String {
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        let uri = problem["type"].as_str().unwrap();
        uri.strip_prefix("urn:legacy-http-compat:problem:")
            .unwrap()
            .to_owned()
    }

    /// The body of a response that must be a success.
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{self:?}");
        self.json()
    }

    /// The places of the faults of a problem.
    pub(crate) fn places(&self) -> Vec<String> {
        assert_eq!(self.problem(), "invalid");
        let problem = self.json();
        let faults = problem["faults"].as_array().unwrap().iter();
        faults
            .map(|fault| fault["place"].as_str().unwrap().to_owned())
            .collect()
    }

    /// The secret of the session that it gives.
    pub(crate) fn session(&self) -> String {
        let cookie = self
            .header("set-cookie")
            .unwrap_or_else(|| panic!("{self:?}"));
        let secret = cookie.split_once('=').unwrap().1;
        secret.split(';').next().unwrap().to_owned()
    }
}
