//! The `oauth2` crate.

use std::{
    pin::Pin,
    sync::atomic::{AtomicUsize, Ordering},
    time::Duration,
};

use oauth2::{
    AsyncHttpClient, AuthUrl, ClientId, DeviceAuthorizationUrl, DeviceCodeErrorResponseType,
    HttpRequest, HttpResponse, RequestTokenError, StandardDeviceAuthorizationResponse,
    TokenResponse, TokenUrl, basic::BasicClient,
};

use super::server::{EXPIRES_IN, INTERVAL, OauthServer};
use crate::core_app::flow::Decision;

type Outcome = Result<String, DeviceCodeErrorResponseType>;

#[tokio::test]
async fn it_waits_slows_down_and_gets_its_token() {
    let server = OauthServer::start().await;
    let (outcome, waits) = run(&server, Some(Decision::Approve)).await;
    let token = outcome.expect("approved");
    assert!(token.starts_with("cat_"), "a token of the server");
    let slower = INTERVAL + Duration::from_secs(5);
    assert_eq!(waits, [INTERVAL, slower, slower, slower]);
    let expected = [
        "STARTED target",
        "PENDING legacy",
        "SLOW_DOWN legacy",
        "PENDING legacy",
        "PENDING legacy",
        "APPROVED target",
    ];
    let seen = server.seen();
    for (seen, expected) in seen.iter().zip(expected) {
        assert!(
            seen.starts_with("RUST 5.0 ") && seen.ends_with(expected),
            "{seen}"
        );
    }
    assert_eq!(seen.len(), expected.len(), "{seen:?}");
}

#[tokio::test]
async fn it_is_denied() {
    let server = OauthServer::start().await;
    let (outcome, _) = run(&server, Some(Decision::Deny)).await;
    assert_eq!(outcome, Err(DeviceCodeErrorResponseType::AccessDenied));
}

#[tokio::test]
async fn its_code_expires() {
    let server = OauthServer::start().await;
    let (outcome, waits) = run(&server, None).await;
    assert_eq!(outcome, Err(DeviceCodeErrorResponseType::ExpiredToken));
    assert!(waits.iter().sum::<Duration>() >= EXPIRES_IN);
    let seen = server.seen();
    assert!(seen.last().unwrap().ends_with("EXPIRED legacy"), "{seen:?}");
}

#[tokio::test]
async fn without_the_layers_shapes_it_breaks() {
    let server = OauthServer::start().await;
    server.flag.set(false);
    let client = client(&server);
    let details = start(&client).await;
    let request = client.exchange_device_access_token(&details);
    let outcome = request.request_async(&http(), |_| async {}, None).await;
    assert!(
        matches!(outcome, Err(RequestTokenError::Parse(..))),
        "{outcome:?}"
    );
}

/// A whole flow in which a person decides after some waits; also how long each wait was.
async fn run(server: &OauthServer, decision: Option<Decision>) -> (Outcome, Vec<Duration>) {
    let client = client(server);
    let details = start(&client).await;
    let (waits, count) = (std::sync::Mutex::new(Vec::new()), AtomicUsize::new(0));
    let sleep = |wait: Duration| {
        waits.lock().unwrap().push(wait);
        server.state.clock.advance(wait);
        if count.fetch_add(1, Ordering::Relaxed) == 3
            && let Some(decision) = decision
        {
            server.state.decide(details.user_code().secret(), decision);
        }
        std::future::ready(())
    };
    let request = client.exchange_device_access_token(&details);
    let outcome = match request.request_async(&http(), sleep, None).await {
        Ok(token) => Ok(token.access_token().secret().clone()),
        Err(RequestTokenError::ServerResponse(response)) => Err(response.error().clone()),
        Err(other) => panic!("{other:?}"),
    };
    (outcome, waits.into_inner().unwrap())
}

/// The crate takes any HTTP client; the one that it brings is of an older version.
struct Http(reqwest::Client);

type Client = BasicClient<
    oauth2::EndpointSet,
    oauth2::EndpointSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointNotSet,
    oauth2::EndpointSet,
>;

fn http() -> Http {
    let http = reqwest::Client::builder()
        .no_proxy()
        .user_agent("oauth2-rs/5.0");
    Http(http.build().unwrap())
}

fn client(server: &OauthServer) -> Client {
    let url = |path: &str| format!("{}/oauth/{path}", server.base);
    BasicClient::new(ClientId::new("a-device".to_owned()))
        .set_auth_uri(AuthUrl::new(url("authorize")).unwrap())
        .set_token_uri(TokenUrl::new(url("token")).unwrap())
        .set_device_authorization_url(
            DeviceAuthorizationUrl::new(url("device_authorization")).unwrap(),
        )
}

async fn start(client: &Client) -> StandardDeviceAuthorizationResponse {
    let request = client.exchange_device_code();
    request.request_async(&http()).await.expect("a flow starts")
}

impl<'c> AsyncHttpClient<'c> for Http {
    type Error = reqwest::Error;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, reqwest::Error>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(async move {
            let response = self.0.execute(request.try_into()?).await?;
            let (status, headers) = (response.status(), response.headers().clone());
            let mut response = HttpResponse::new(response.bytes().await?.to_vec());
            *response.status_mut() = status;
            *response.headers_mut() = headers;
            Ok(response)
        })
    }
}
