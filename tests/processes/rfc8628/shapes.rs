//! What the clients are sent.

use reqwest::{Method, RequestBuilder, header};

use super::server::{INTERVAL, OauthServer};
use crate::support::{
    http_client::{HttpClient, send},
    response::Answer,
};

const GRANT: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Adevice_code";
const V2: &str = "application/json;q=0.5, application/vnd.example.device-flow.v2+json";

fn form(server: &OauthServer, endpoint: &str, form: String) -> RequestBuilder {
    let http = HttpClient::new(&server.base);
    let request = http.request(Method::POST, &format!("/oauth/{endpoint}"));
    let media_type = "application/x-www-form-urlencoded";
    request.header(header::CONTENT_TYPE, media_type).body(form)
}

async fn start(server: &OauthServer) -> String {
    let started = send(form(
        server,
        "device_authorization",
        "client_id=x".to_owned(),
    ))
    .await;
    started.text_at("/device_code").to_owned()
}

fn poll(server: &OauthServer, code: &str) -> RequestBuilder {
    form(server, "token", format!("{GRANT}&device_code={code}"))
}

#[track_caller]
fn assert_oauth_error(response: &Answer, error: &str) {
    assert_eq!(
        (response.status, response.text_at("/error")),
        (400, error),
        "{}",
        response.text
    );
    assert_eq!(response.json.as_object().unwrap().len(), 1);
    assert_eq!(
        response.header(header::CONTENT_TYPE),
        Some("application/json")
    );
    assert_eq!(response.header(header::CACHE_CONTROL), Some("no-store"));
}

#[tokio::test]
async fn errors_are_those_of_the_rfcs() {
    let server = OauthServer::start().await;
    let code = start(&server).await;
    assert_oauth_error(&send(poll(&server, &code)).await, "authorization_pending");
    assert_oauth_error(&send(poll(&server, &code)).await, "slow_down");
    assert_oauth_error(&send(poll(&server, "another")).await, "invalid_grant");
    assert_oauth_error(&send(poll(&server, "")).await, "invalid_request");
    let nameless = send(form(&server, "device_authorization", String::new())).await;
    assert_oauth_error(&nameless, "invalid_request");
}

#[tokio::test]
async fn a_client_that_accepts_the_new_media_type_gets_the_status() {
    let server = OauthServer::start().await;
    let code = start(&server).await;
    let pending = send(poll(&server, &code).header(header::ACCEPT, V2)).await;
    assert_eq!(
        (pending.status, pending.text_at("/status")),
        (200, "PENDING")
    );
    server.state.clock.advance(INTERVAL * 2);
    let refusing = format!("{V2};q=0");
    let pending = send(poll(&server, &code).header(header::ACCEPT, refusing)).await;
    assert_oauth_error(&pending, "authorization_pending");
}
