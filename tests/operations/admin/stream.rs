//! Reading server-sent events as a browser does.

use std::time::Duration;

use serde_json::Value;
use tokio::time::timeout;

use super::{client::Client, document::Document};

/// A stream of events that is being read.
pub(crate) struct Stream {
    response: reqwest::Response,
    text: String,
}

/// One event.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Sent {
    pub(crate) event: String,
    pub(crate) id: Option<u64>,
    pub(crate) data: Value,
}

impl Stream {
    pub(crate) async fn open(client: &Client, path: &str) -> Self {
        Self::of(client.request("GET", path).send().await.unwrap())
    }

    /// The stream of a response.
    pub(crate) fn of(response: reqwest::Response) -> Self {
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        assert_eq!(response.headers()["cache-control"], "no-store");
        assert_eq!(response.headers()["x-accel-buffering"], "no");
        Self {
            response,
            text: String::new(),
        }
    }

    /// The next event; `None` at the end of the stream. Real time passes here, a few seconds at most.
    pub(crate) async fn next(&mut self) -> Option<Sent> {
        loop {
            if let Some((block, rest)) = self.text.split_once("\n\n") {
                let (sent, rest) = (read(block), rest.to_owned());
                self.text = rest;
                if let Some(sent) = sent {
                    return Some(sent);
                }
                continue;
            }
            let chunk = timeout(Duration::from_secs(20), self.response.chunk());
            let chunk = chunk.await.expect("something comes every two seconds");
            // A connection that was cut off is an end too.
            let chunk = chunk.ok().flatten()?;
            self.text.push_str(std::str::from_utf8(&chunk).unwrap());
        }
    }

    /// Reads to the end, which must come within a few totals.
    pub(crate) async fn end(&mut self) {
        for _ in 0..5 {
            if self.next().await.is_none() {
                return;
            }
        }
        panic!("the stream goes on");
    }

    /// The next journal record, held to the document.
    pub(crate) async fn record(&mut self, document: &Document) -> Sent {
        self.next_of("journal", "Event", document).await
    }

    pub(crate) async fn totals(&mut self, document: &Document) -> Sent {
        self.next_of("totals", "Totals", document).await
    }

    async fn next_of(&mut self, event: &str, schema: &str, document: &Document) -> Sent {
        loop {
            let sent = self.next().await.expect("the stream goes on");
            if sent.event == event {
                let validator = document.component(schema);
                assert!(validator.is_valid(&sent.data), "{sent:?}");
                return sent;
            }
        }
    }
}

/// An event; `None` for what is only for the browser itself.
fn read(block: &str) -> Option<Sent> {
    let mut sent = Sent::default();
    for line in block.lines() {
        let (name, value) = line.split_once(':').unwrap();
        let value = value.trim_start();
        match name {
            "event" => value.clone_into(&mut sent.event),
            "id" => sent.id = Some(value.parse().unwrap()),
            "data" => sent.data = serde_json::from_str(value).unwrap(),
            _ => {}
        }
    }
    (!sent.event.is_empty()).then_some(sent)
}
