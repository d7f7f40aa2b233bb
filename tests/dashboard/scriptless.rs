//! The main way without a script.

use std::time::Duration;

use legacy_http_compat::rollout::Phase;

use crate::{
    browser::Browser,
    service::{OPERATOR, PENDING, TestService},
};

#[tokio::test(flavor = "multi_thread")]
async fn signing_in_viewing_deciding_and_rolling_back_work_without_a_script() {
    let (service, browser) = (
        TestService::open("{}").await,
        Browser::open_without_script().await,
    );
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    browser.sign_in(&service, OPERATOR).await;
    browser
        .see("noscript, .hint", "Without JavaScript it does not update")
        .await;
    browser
        .click_on("#next .remedies a", "Show this caller")
        .await;
    browser.see("#callers", "AGENT").await;
    browser.click_on("#callers th a", "Last seen").await;
    browser.find("#callers th[aria-sort=ascending]").await;
    browser.go(&service.page("/transition/cutover")).await;
    for number in 1..=browser.count("input[name=override]").await {
        browser
            .click(&format!("label.check:nth-of-type({number}) input"))
            .await;
    }
    browser.fill("#step-reason", "tonight").await;
    browser.click_on("main button", "Cut over").await;
    browser.see(".outcome", "mara cut over").await;
    assert_eq!(service.phase(), Phase::Cutover);
    browser.click(".rollback").await;
    browser.fill("#back-incident", "INC-1").await;
    browser.fill("#back-reason", "agents hang").await;
    browser.click_on("main button", "Roll back").await;
    browser
        .see(".outcome", "rolled back because of INC-1")
        .await;
    assert_eq!(service.phase(), Phase::Compat);
}
