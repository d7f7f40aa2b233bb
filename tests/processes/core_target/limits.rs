//! `SLOW_DOWN` and `TOO_MANY_ATTEMPTS`.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use crate::support::{
    device_client::Step,
    server::{CoreServer, INTERVAL},
};

#[tokio::test]
async fn polling_faster_than_the_interval_is_told_to_slow_down() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.poll().await;
    core.clock.advance(Duration::from_millis(1500));

    let (response, step) = client.poll().await;
    response.assert_error(429, "SLOW_DOWN");
    assert_eq!(response.retry_after(), Some(Duration::from_secs(4)));
    assert_eq!(step, Step::KeepPolling(INTERVAL));
}

#[tokio::test]
async fn who_waits_as_told_is_answered() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.poll().await;
    core.clock.advance(Duration::from_millis(1));
    let (response, _) = client.poll().await;
    core.clock.advance(response.retry_after().unwrap());
    assert_eq!(client.poll().await.0.status, 200);
}

#[tokio::test]
async fn a_poll_that_is_too_fast_does_not_lose_the_secret() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.poll().await;
    client.decide("approve").await;
    client.poll().await.0.assert_error(429, "SLOW_DOWN");
    core.clock.advance(INTERVAL);
    assert!(matches!(client.step().await, Step::Approved(_)));
}

#[tokio::test]
async fn each_code_has_an_interval_of_its_own() {
    let core = CoreServer::start(false).await;
    let (mut one, mut other) = (core.new_client().await, core.new_client().await);
    assert_eq!(one.poll().await.0.status, 200);
    assert_eq!(other.poll().await.0.status, 200);
}

#[tokio::test]
async fn too_many_starts_and_tokens_of_one_peer_are_refused_until_the_minute_is_over() {
    let core = CoreServer::start_with(false, |settings| settings.attempts_per_minute = 2).await;
    assert_eq!(core.http.start("AGENT").await.status, 200);
    core.clock.advance(Duration::from_secs(20));
    assert_eq!(core.http.token("x", "MCP", "y").await.status, 401);

    let refused = core.http.start("AGENT").await;
    refused.assert_error(429, "TOO_MANY_ATTEMPTS");
    assert_eq!(refused.retry_after(), Some(Duration::from_secs(40)));
    let token = core.http.token("x", "UI_RUST", "y").await;
    token.assert_error(429, "TOO_MANY_ATTEMPTS");

    core.clock.advance(Duration::from_secs(40));
    assert_eq!(core.http.start("AGENT").await.status, 200);
}

/// The time is paused, so it moves on whenever only a limit is waited for.
#[tokio::test(start_paused = true)]
async fn a_request_that_never_ends_is_given_up() {
    let server = CoreServer::start(true).await;
    let address = server.http.address();
    let head = "POST /api/v1/auth/clients/device/poll HTTP/1.1\r\nhost: core\r\ncontent-type: application/json\r\n";
    let unfinished = format!("{head}content-length: 100\r\n\r\n{{");
    for begun in ["", "P", "GET / HT", head, unfinished.as_str()] {
        let mut open = Vec::new();
        for _ in 0..20 {
            let mut stream = TcpStream::connect(address).await.unwrap();
            stream.write_all(begun.as_bytes()).await.unwrap();
            open.push(stream);
        }
        for mut stream in open {
            // Closed, or reset because what was sent is not read.
            let _ = stream.read_to_end(&mut Vec::new()).await;
        }
    }
    assert_eq!(server.http.get("/healthz").await.status, 200);
}
