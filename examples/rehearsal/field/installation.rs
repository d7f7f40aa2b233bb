//! One deployed client.

use std::time::Duration;

use crate::support::{
    device_client::{DeviceClient, Step},
    http_client::HttpClient,
    new_client::NewClient,
    old_client::OldClient,
    response::Answer,
};

/// The polling interval before the server sends one.
const INTERVAL: Duration = Duration::from_secs(5);

pub(crate) const OLD: &str = "1.4.0";
pub(crate) const NEW: &str = "2.0.0";

/// An installation of one of the three kinds.
#[derive(Clone)]
pub(crate) struct Installation {
    pub(crate) kind: &'static str,
    id: String,
    pub(crate) upgraded: bool,
}

/// The result of one use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Visit {
    /// The response, such as `401 AUTHORIZATION_PENDING`.
    pub(crate) response: String,
    /// Whether a client of this version understands it.
    pub(crate) understood: bool,
}

impl Installation {
    pub(crate) fn new(kind: &'static str, id: impl Into<String>, upgraded: bool) -> Self {
        Self {
            kind,
            id: id.into(),
            upgraded,
        }
    }

    /// Uses the Core once.
    pub(crate) async fn visit(&self, core: &HttpClient) -> Visit {
        let core = self.at(core);
        if self.kind == "UI_RUST" {
            // The desktop client gets no device codes; for it, the refusal of a token changes.
            return self.judge_refusal(&core.token(&self.id, self.kind, "anything").await);
        }
        let started = core.start(self.kind).await;
        let polled = core.poll(started.text_at("/device_code")).await;
        Visit {
            response: said(&polled),
            understood: !matches!(self.read(&polled), Step::Broken(_)),
        }
    }

    /// A client that sends this installation's id and version.
    pub(crate) fn at(&self, core: &HttpClient) -> HttpClient {
        let product = match self.kind {
            "UI_RUST" => "core-ui-rust",
            "AGENT" => "core-agent",
            _ => "core-mcp",
        };
        let version = if self.upgraded { NEW } else { OLD };
        let core = core
            .clone()
            .with_user_agent(&format!("{product}/{version} (linux)"));
        core.with_header("x-client-id", &self.id)
    }

    fn read(&self, polled: &Answer) -> Step {
        if self.upgraded {
            NewClient::new(INTERVAL).read(polled)
        } else {
            OldClient::new(INTERVAL).read(polled)
        }
    }

    fn judge_refusal(&self, refused: &Answer) -> Visit {
        let expected = if self.upgraded { 403 } else { 422 };
        Visit {
            response: said(refused),
            understood: refused.status == expected,
        }
    }
}

/// The status and the code in the body.
pub(crate) fn said(response: &Answer) -> String {
    let word = [response.code(), response.text_at("/status")];
    let word = word.into_iter().find(|word| !word.is_empty());
    format!("{} {}", response.status, word.unwrap_or("without a code"))
}
