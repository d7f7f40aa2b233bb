//! A session that ends while a form is being filled in.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{OPERATOR, SESSION, TestService},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_form_is_there_again_after_signing_in_and_nothing_was_carried_out() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/records")).await;
    browser.click("#incidents summary").await;
    browser.fill("#incident-incident", "INC-7").await;
    browser
        .fill("#incident-reason", "pollers \"hang\" & give up")
        .await;
    service
        .session_clock
        .advance(SESSION + Duration::from_secs(1));
    let head = service.head();
    browser
        .click_on("#incidents button", "Open the incident")
        .await;
    browser
        .see("#notice", "Your session has ended. Nothing was carried out")
        .await;
    browser.give_token("a guess").await;
    browser.see("[role=alert]", "Unknown token").await;
    browser.give_token(OPERATOR).await;
    browser.see("#form-error", "Nothing was carried out").await;
    assert_eq!(browser.value("#incident-incident").await, "INC-7");
    assert_eq!(
        browser.value("#incident-reason").await,
        "pollers \"hang\" & give up"
    );
    assert_eq!(
        service.head(),
        head + 1,
        "only the wrong token is on record"
    );
    browser
        .click_on("#incidents button", "Open the incident")
        .await;
    browser
        .see(".outcome", "mara opened the incident INC-7")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_transition_is_decided_again_after_signing_in() {
    let policy = r#"{"gates": {"cutover": []}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/transition/cutover")).await;
    browser.fill("#step-reason", "tonight").await;
    service
        .session_clock
        .advance(SESSION + Duration::from_secs(1));
    browser.click_on(".decide button", "Cut over").await;
    browser.give_token(OPERATOR).await;
    browser.see("#form-error", "Nothing was carried out").await;
    assert!(service.is_on());
    browser.click_on(".decide button", "Cut over").await;
    browser.see(".outcome", "mara cut over").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_go_by_the_clock_of_the_rollout_whatever_sessions_go_by() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service
        .session_clock
        .advance(Duration::from_secs(3 * 86_400));
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#phase .since", "just now").await;
    browser.see(".bottom", "2026-03-01 12:00:00 UTC").await;
}
