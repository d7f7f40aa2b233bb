//! The page of the instances: each of them, one that is lost, and its write-off.

use std::time::Duration;

use crate::{
    browser::Browser,
    every_page::look,
    service::{OPERATOR, PENDING, Shared, TestService},
};

const MINUTE: Duration = Duration::from_secs(60);

/// An instance gives a sign of life no less often.
const BEAT: Duration = Duration::from_secs(2);

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_lost_is_shown_and_written_off() {
    let shared = Shared::new();
    let a = TestService::join(&shared, "core-a").await;
    let b = TestService::join(&shared, "core-b").await;
    let (browser, mut faults) = (Browser::open().await, Vec::new());
    a.poll(("AGENT", 1), "1.0.0", PENDING).await;
    b.poll(("AGENT", 1), "1.0.0", PENDING).await;
    b.poll(("MCP", 1), "1.0.0", PENDING).await;
    shared.pass(2 * MINUTE, &[&a, &b]);
    shared.pass(BEAT, &[&a, &b]);
    browser.sign_in(&a, OPERATOR).await;
    browser.go(&a.page("/instances")).await;
    browser.see("table", "core-a (this one)").await;
    browser.see("table", "core-b").await;
    browser.see("main", "applied by 2 of 2").await;
    browser.see("main", "Nothing waits to be handed over").await;
    look(&browser, "instances", &mut faults).await;
    browser.go(&a.page("/callers")).await;
    browser.see("main", "2 callers of all instances").await;

    // The other one is not seen any more.
    shared.pass(MINUTE, &[&a]);
    browser.go(&a.page("/instances")).await;
    browser.see("table", "not seen for 1 min").await;
    browser
        .see("main", "The census is incomplete without core-b")
        .await;
    look(&browser, "instances-lost", &mut faults).await;
    browser.go(&a.page("/instances")).await;
    browser.click_on("summary", "Write off core-b").await;
    browser
        .fill("#write-off-1-reason", "its disk is gone")
        .await;
    browser
        .click_on("#exchange button", "Write off the instance")
        .await;
    browser.see(".outcome", "core-b").await;
    shared.pass(BEAT, &[&a]);
    browser.go(&a.page("/instances")).await;
    assert!(!browser.says("main", "incomplete").await);
    assert_eq!(shared.journal.count("instance_written_off"), 1);
    assert_eq!(faults, Vec::<String>::new());
}
