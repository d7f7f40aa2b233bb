//! What a page does while it is looked at.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{OPERATOR, PENDING, TestService},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_appears_is_counted_drawn_and_announced() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    browser.see("#numbers", "No callers yet").await;
    // Whatever is swapped, what a reader has opened and where they are stays as it was.
    browser.click("#recent details summary").await;
    let key = browser
        .worth("document.querySelector('#recent details[open]').dataset.key")
        .await;
    browser
        .run("document.querySelector('#timeseries .spans a').focus()")
        .await;
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    service.open_incident("INC-1");
    browser.see("#numbers", "AGENT").await;
    browser.see("#timeseries .chart", "AGENT").await;
    browser
        .see("#announcer", "nils opened the incident INC-1")
        .await;
    service.poll(("AGENT", 2), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    browser
        .see("#announcer", "Dependent callers of AGENT: 2")
        .await;
    let open =
        "[...document.querySelectorAll('#recent details[open]')].map((each) => each.dataset.key)";
    assert_eq!(browser.worth(open).await, serde_json::json!([key]));
    assert_eq!(
        browser.worth("document.activeElement.textContent").await,
        "1h"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stranded_caller_shows_at_once_on_every_page() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.cut_over();
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/records")).await;
    browser.see("#connection", "Live").await;
    service.poll(("MCP", 1), "1.0.0", PENDING).await;
    service.open_incident("INC-1");
    browser
        .see("#banners .danger", "1 caller is stranded")
        .await;
    browser
        .see("#banners .danger", "1 of MCP depended on a legacy response")
        .await;
    browser.click_on("#banners a", "Show them").await;
    browser.see("#callers tbody", "stranded").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn text_in_a_form_survives_updates_of_the_page() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.cut_over();
    browser.sign_in(&service, OPERATOR).await;
    browser.click(".rollback").await;
    browser.see("#connection", "Live").await;
    browser.fill("#back-reason", "pollers gi").await;
    service.open_incident("INC-1");
    browser.see("#announcer", "INC-1").await;
    let typed = browser
        .find("#back-reason")
        .await
        .prop("value")
        .await
        .unwrap();
    assert_eq!(typed.as_deref(), Some("pollers gi"));
    assert_eq!(
        browser.worth("document.activeElement.id").await,
        "back-reason"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn the_local_time_stands_beside_the_universal_one() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.zone("Asia/Kolkata").await;
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#phase", "2026-03-01 12:00:00 UTC").await;
    browser.see("#phase .local", "05:30").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_is_lost_says_since_when() {
    let (mut service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    service.shut().await;
    browser.see("#connection", "Disconnected since").await;
    browser.see("h1", "compat").await;
}
