//! Clients that never finish a request do not hold a connection for ever. Time is that of the test, and passes when all wait.

use std::time::Duration;

use axum::{Router, body::Bytes, routing::post};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    time::timeout,
};

use crate::core_app as app;

/// What is sent back to a client that sends this and then nothing, until the connection ends.
async fn sent_to(begun: &str) -> Vec<u8> {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let router = Router::new().route("/", post(async |_: Bytes| ()));
    let serving = tokio::spawn(app::serve(listener, router, std::future::pending()));
    let mut client = TcpStream::connect(address).await.unwrap();
    client.write_all(begun.as_bytes()).await.unwrap();
    let mut sent = Vec::new();
    let ended = timeout(Duration::from_secs(60), client.read_to_end(&mut sent));
    let ended = ended.await.expect("the connection ends within a minute");
    // A connection that is reset is an end, too.
    let _ = ended;
    serving.abort();
    sent
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_request_ends() {
    assert_eq!(sent_to("").await, b"");
}

#[tokio::test(start_paused = true)]
async fn a_head_that_never_ends_is_given_up() {
    for begun in ["P", "POST / HTTP/1.1\r\nhost: core\r\nx-half: "] {
        let sent = sent_to(begun).await;
        assert!(!sent.starts_with(b"HTTP/1.1 200"), "{begun:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn a_body_that_never_ends_is_given_up() {
    let sent = sent_to("POST / HTTP/1.1\r\nhost: core\r\ncontent-length: 9\r\n\r\nhalf").await;
    assert!(!sent.starts_with(b"HTTP/1.1 200"), "{sent:?}");
}
