//! What a viewer can do: see everything.

use std::time::Duration;

use legacy_http_compat::rollout::names::IncidentId;

use crate::{
    browser::Browser,
    service::{PENDING, TestService, VIEWER, order},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_viewer_sees_every_page_and_no_form() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    service.cut_over();
    service
        .rollout
        .rollback(IncidentId::new("INC-1").unwrap(), &order("agents hang"))
        .unwrap();
    let analysis = format!("/post-analysis/{}", service.head());
    service.cut_over();
    browser.sign_in(&service, VIEWER).await;
    for page in [
        "/waive",
        "/records",
        "/transition/retire",
        "/rollback",
        &analysis,
    ] {
        browser.go(&service.page(page)).await;
        browser.find("h1").await;
        assert_eq!(browser.count("main form").await, 0, "{page}");
    }
    for page in [
        "/waive",
        "/records",
        "/transition/retire",
        "/rollback",
        &analysis,
    ] {
        browser.go(&service.page(page)).await;
        browser
            .see("main .hint", "You are signed in as a viewer")
            .await;
    }
    browser.go(&service.page("/callers")).await;
    browser.see("#callers", "AGENT").await;
}
