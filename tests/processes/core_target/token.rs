//! Access tokens.

use std::time::Duration;

use crate::support::{device_client::Step, server::CoreServer};

#[tokio::test]
async fn an_approved_client_mints_a_token_that_works() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("approve").await;
    let approved = client.step().await;

    let minted = client.token(&approved).await;
    assert_eq!(minted.status, 200, "{}", minted.text);
    assert_eq!(minted.json["token_type"], "Bearer");
    assert_eq!(minted.json["client_kind"], "AGENT");
    assert_eq!(minted.json["expires_in"], 3600);
    assert_eq!(minted.json.as_object().unwrap().len(), 5);
    assert_eq!(minted.header(http::header::CACHE_CONTROL), Some("no-store"));

    let me = core.http.me(minted.text_at("/access_token")).await;
    assert_eq!(
        (me.status, &me.json["client_id"]),
        (200, &minted.json["client_id"])
    );
}

#[tokio::test]
async fn a_new_token_revokes_the_earlier_one() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("approve").await;
    let approved = client.step().await;
    let (first, second) = (client.token(&approved).await, client.token(&approved).await);

    let revoked = core.http.me(first.text_at("/access_token")).await;
    revoked.assert_error(401, "UNAUTHORIZED");
    assert_eq!(
        core.http.me(second.text_at("/access_token")).await.status,
        200
    );
}

#[tokio::test]
async fn a_token_ends_with_its_lifetime() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("approve").await;
    let approved = client.step().await;
    let minted = client.token(&approved).await;
    core.clock.advance(Duration::from_secs(3600));
    let late = core.http.me(minted.text_at("/access_token")).await;
    late.assert_error(401, "UNAUTHORIZED");
}

#[tokio::test]
async fn wrong_credentials_get_no_token() {
    let core = CoreServer::start(false).await;
    let mut client = core.new_client().await;
    client.decide("approve").await;
    let Step::Approved(right) = client.step().await else {
        panic!("approved");
    };
    for (id, kind, secret) in [
        ("nobody", "AGENT", right.secret_key.as_str()),
        (&right.client_id, "AGENT", "csk_wrong"),
        (&right.client_id, "MCP", &right.secret_key),
    ] {
        let response = core.http.token(id, kind, secret).await;
        response.assert_error(401, "UNAUTHORIZED");
        assert!(response.header(http::header::WWW_AUTHENTICATE).is_some());
    }
}

#[tokio::test]
async fn ui_rust_is_always_refused_a_token() {
    let core = CoreServer::start(false).await;
    let response = core.http.token("anyone", "UI_RUST", "anything").await;
    response.assert_error(403, "FORBIDDEN_ACTOR");
}
