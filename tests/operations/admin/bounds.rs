//! How large a request may be.

use serde_json::json;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};

use super::service::{MARA, TestService};

#[tokio::test]
async fn a_body_has_at_most_64_kib() {
    let service = TestService::open().await;
    let body = |bytes: usize| {
        let order = json!({"check": "openapi", "green": true, "reason": "run 7"}).to_string();
        format!("{order}{}", " ".repeat(bytes - order.len()))
    };
    service
        .operator()
        .post_text("/api/checks", "application/json", body(65_536))
        .await
        .ok();
    for path in [
        "/api/checks",
        "/api/status",
        "/sign-in",
        "/sign-out",
        "/nowhere",
    ] {
        let response = service
            .operator()
            .post_text(path, "application/json", body(65_537))
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (413, "body-too-large"),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_body_that_does_not_state_its_length_is_measured() {
    let service = TestService::open().await;
    let address = service.origin.strip_prefix("http://").unwrap();
    let mut socket = TcpStream::connect(address).await.unwrap();
    let head = format!(
        "POST /rollout/api/checks HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {MARA}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    socket.write_all(head.as_bytes()).await.unwrap();
    let chunk = format!("1000\r\n{}\r\n", " ".repeat(0x1000));
    for _ in 0..17 {
        // The server may have responded and closed the connection by now.
        if socket.write_all(chunk.as_bytes()).await.is_err() {
            break;
        }
    }
    let _ = socket.write_all(b"0\r\n\r\n").await;
    let mut response = Vec::new();
    let _ = socket.read_to_end(&mut response).await;
    let response = String::from_utf8_lossy(&response);
    assert!(response.starts_with("HTTP/1.1 413"), "{response}");
    assert!(response.contains("problem:body-too-large"), "{response}");
}

#[tokio::test]
async fn a_query_has_at_most_2_kib() {
    let service = TestService::open().await;
    let response = service
        .viewer()
        .get(&format!("/api/report?{}", "a".repeat(2_048)))
        .await;
    assert_eq!(response.problem(), "invalid");
    for path in ["/api/report", "/openapi.json", "/nowhere", "/sign-in"] {
        let response = service
            .viewer()
            .get(&format!("{path}?{}", "a".repeat(2_049)))
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (414, "query-too-long"),
            "{path}"
        );
    }
}
