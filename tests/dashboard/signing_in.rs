//! Coming in, and being kept out.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{OPERATOR, SESSION, TestService, VIEWER},
};

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_leads_to_the_requested_page() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser
        .go(&service.page("/callers?state=stranded&window=7d"))
        .await;
    browser
        .see("#notice, .hint", "Sign in to see this page")
        .await;
    browser.give_token(OPERATOR).await;
    browser.see("h1", "Callers").await;
    assert!(
        browser
            .address()
            .await
            .ends_with("/callers?state=stranded&window=7d")
    );
    browser.see(".me", "mara (operator)").await;
    browser.click(".me button").await;
    browser.see("h1", "Sign in").await;
    browser.go(&service.page("/journal")).await;
    browser.see("h1", "Sign in").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_tokens_are_refused_and_do_not_lock_the_right_one_out() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.go(&service.page("/sign-in")).await;
    for _ in 0..12 {
        browser.give_token("guessed").await;
        browser.find("[role=alert]").await;
        browser.go(&service.page("/sign-in")).await;
    }
    browser.give_token(OPERATOR).await;
    browser.see("h1", "compat").await;
    // They are on record, without what was guessed.
    browser.click_on("nav a", "Journal").await;
    browser.see(".timeline", "An access was refused").await;
    assert!(!browser.says("body", "guessed").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_that_is_over_leads_to_signing_in_and_back() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, VIEWER).await;
    service
        .session_clock
        .advance(SESSION + Duration::from_secs(1));
    browser.click_on("nav a", "Records").await;
    browser.see(".hint", "Your session has ended").await;
    browser.give_token(VIEWER).await;
    browser.see("h1", "Records").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_looked_at_says_when_its_session_is_over() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/records")).await;
    browser.see("#connection", "Live").await;
    browser.click("#incidents summary").await;
    browser.fill("#incident-incident", "INC-1").await;
    service
        .session_clock
        .advance(SESSION + Duration::from_secs(1));
    service.report_check("openapi", true);
    browser.see("[role=alert]", "Your session has ended").await;
    let typed = browser
        .find("#incident-incident")
        .await
        .prop("value")
        .await
        .unwrap();
    assert_eq!(
        typed.as_deref(),
        Some("INC-1"),
        "what was being written is still there"
    );
}
