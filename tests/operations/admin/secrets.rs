//! No token, no digest and no session is shown, logged or journaled.

use std::{
    io::{self, Write},
    sync::{Arc, Mutex},
};

use legacy_http_compat::admin::TokenDigest;
use serde_json::json;
use tracing_subscriber::fmt::MakeWriter;

use super::{
    orders,
    service::{CI, MARA, TestService, WALL},
};

/// Everything that is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

fn digests() -> Vec<String> {
    // What `sha256sum` prints for the tokens of the service.
    let hex = |token: &str| {
        use std::fmt::Write as _;
        let mut hex = String::new();
        for byte in sha256(token.as_bytes()) {
            write!(hex, "{byte:02x}").unwrap();
        }
        assert_eq!(TokenDigest::parse(&hex).unwrap(), TokenDigest::of(token));
        hex
    };
    [MARA, WALL, CI].map(hex).to_vec()
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    use sha2::{Digest as _, Sha256};
    Sha256::digest(bytes).into()
}

#[tokio::test]
async fn no_secret_is_shown_logged_or_journaled() {
    let log = Log::default();
    // For the whole process: what other tests make the service log must not hold a secret either, and what is logged on
    // other threads is seen too. The client of these tests is not ours, and logs what it likes.
    tracing_subscriber::fmt()
        .with_env_filter("legacy_http_compat=trace,axum=trace,tower_http=trace")
        .with_writer(log.clone())
        .with_ansi(false)
        .init();
    let service = TestService::open().await;
    let (mara, secret) = service.signed_in(MARA).await;
    mara.get("/api/status").await.ok();
    for (path, body) in orders::all() {
        service.operator().post(path, &body).await.ok();
    }
    let wrong = "wrong-token-7c1e";
    let mut responses = vec![
        service.stranger.bearing(wrong).get("/api/status").await,
        service
            .stranger
            .post_form("/sign-in", &format!("token={wrong}"))
            .await,
        service.viewer().post("/api/policy", &json!({})).await,
        service
            .stranger
            .post_text("/sign-in", "text/plain", wrong)
            .await,
        service.viewer().get("/api/journal?limit=500").await,
        service.viewer().get("/api/status").await,
    ];
    responses.push(mara.post_form("/sign-out", "").await);
    let log = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(
        log.contains("access refused") && log.contains("signed in"),
        "{log}"
    );
    let mut shown = vec![
        ("the log", log),
        (
            "the journal",
            serde_json::to_string(&service.events()).unwrap(),
        ),
        (
            "the service",
            format!("{:?} {:#?}", service.admin, service.admin),
        ),
    ];
    shown.extend(
        responses
            .into_iter()
            .map(|response| ("a response", format!("{response:?}"))),
    );
    let mut secrets = digests();
    secrets.extend([MARA, WALL, CI, wrong, &secret].map(str::to_owned));
    for (what, text) in shown {
        for secret in &secrets {
            assert!(
                !text.contains(secret.as_str()),
                "{what} shows {secret}: {text}"
            );
        }
        if !what.starts_with("a response") {
            assert!(
                !text.contains("127.0.0.1"),
                "{what} shows an address: {text}"
            );
        }
    }
}
