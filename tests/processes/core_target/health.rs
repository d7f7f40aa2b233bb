//! `GET /healthz`, `GET /`, and the end of the server.

use crate::support::{http_client::send, server::CoreServer};

#[tokio::test]
async fn a_running_core_is_healthy() {
    let core = CoreServer::start(false).await;
    assert_eq!(core.http.get("/healthz").await.status, 200);
}

#[tokio::test]
async fn a_core_that_is_told_to_stop_ends_without_an_error() {
    let core = CoreServer::start(false).await;
    assert_eq!(core.http.get("/healthz").await.status, 200);
    core.stop().await.unwrap();
}

#[tokio::test]
async fn the_first_page_names_the_address_that_it_was_found_at() {
    let core = CoreServer::start(false).await;
    let first = |host: &'static str| {
        let request = core.http.request(http::Method::GET, "/");
        send(request.header(http::header::HOST, host))
    };
    let page = first("core.example:8443").await;
    assert_eq!(page.status, 200);
    assert!(
        page.text.contains("http://core.example:8443/rollout"),
        "{}",
        page.text
    );
    let media_type = page.header(http::header::CONTENT_TYPE);
    assert_eq!(media_type, Some("text/plain; charset=utf-8"));
}

#[tokio::test]
async fn the_first_page_puts_nothing_into_a_shell_that_is_no_address() {
    let core = CoreServer::start(false).await;
    for host in ["$(reboot)", "a;reboot", "a'b", "`reboot`", "core&reboot"] {
        let request = core.http.request(http::Method::GET, "/");
        let page = send(request.header(http::header::HOST, host)).await;
        assert!(!page.text.contains(host), "{}", page.text);
        // An invalid host is refused, by the server or the handler.
        let own = page.text.contains("curl -si http://127.0.0.1:");
        assert!(own || page.status == 400, "{} {}", page.status, page.text);
    }
}
