//! A brownout: what it will do, and to whom, before it is announced; while it runs, and after it.

use std::time::Duration;

use legacy_http_compat::{FlagState, rollout::Phase};

use crate::{
    browser::Browser,
    every_page::look,
    service::{APPROVED, OPERATOR, PENDING, TestService},
};

const POLICY: &str = r#"{"brownouts": {"notice": "1h"}}"#;

const MINUTE: Duration = Duration::from_secs(60);

#[tokio::test(flavor = "multi_thread")]
async fn a_brownout_is_announced_with_what_it_does_and_ended_at_once() {
    let (service, browser) = (TestService::open(POLICY).await, Browser::open().await);
    let mut faults = Vec::new();
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.poll(("AGENT", 2), "1.0.0", PENDING).await;
    service.pass(5 * MINUTE);
    browser.sign_in(&service, OPERATOR).await;

    // A start of now, and one at a weekend, are refused before there is anything to confirm.
    for (start, why) in [
        ("2026-03-01T12:06", "it starts too soon"),
        ("2026-03-01T14:00", "it is at a weekend (UTC)"),
    ] {
        let path = format!("/brownouts?start={start}&length=10m");
        browser.go(&service.page(&path)).await;
        browser.see("#preview", "Not possible").await;
        browser.see("#preview", why).await;
        assert_eq!(browser.count("#preview form").await, 0);
    }
    browser.go(&service.page("/brownouts")).await;
    browser
        .see("#announce", "None is on a Saturday or Sunday (UTC).")
        .await;
    browser
        .click_on("#announce button", "Show what will happen")
        .await;
    browser
        .see(
            "#preview",
            "Monday 2026-03-02 00:00 UTC to 00:10:00 UTC, for 10 min",
        )
        .await;
    browser
        .see("#preview", "In the last 24 h, 2 callers of AGENT depended.")
        .await;
    look(&browser, "brownouts-preview", &mut faults).await;
    browser
        .fill("#announce-reason", "a reminder before the cutover")
        .await;
    browser
        .click_on("#preview button", "Announce the brownout")
        .await;
    browser.see(".outcome", "mara announced a brownout").await;
    assert_eq!(service.rollout.reader().state(), FlagState::On);

    browser.go(&service.page("")).await;
    browser.see("#first", "A brownout is announced").await;
    look(&browser, "overview-brownout-announced", &mut faults).await;
    service.pass(12 * 60 * MINUTE);
    assert_eq!(service.rollout.reader().state(), FlagState::Off);
    assert_eq!(service.phase(), Phase::Compat);
    // A response of the instant of the beginning would count as one before it.
    service.pass(MINUTE);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.poll(("AGENT", 2), "1.0.0", PENDING).await;
    service.pass(MINUTE);
    browser.go(&service.page("")).await;
    browser.see("h1", "flag off").await;
    browser.see("#first", "A brownout runs").await;
    browser
        .see("#first", "Stranded since the brownout began")
        .await;
    browser
        .see("#banners", "ends by itself at 00:10:00 UTC")
        .await;
    assert_eq!(browser.count("#banners .danger").await, 0);
    look(&browser, "overview-brownout-running", &mut faults).await;
    browser.go(&service.page("/transition/cutover")).await;
    browser.see("#decide", "A brownout runs until").await;

    browser.click_on("#way-back a", "End the brownout").await;
    browser
        .fill("#pending [name=reason]", "that is enough")
        .await;
    browser
        .click_on("#pending button", "End the brownout: switch the flag on")
        .await;
    browser
        .see(".outcome", "mara ended or cancelled a brownout")
        .await;
    assert_eq!(service.rollout.reader().state(), FlagState::On);
    service.poll(("AGENT", 1), "2.0.0", APPROVED).await;
    service.pass(MINUTE);
    browser.go(&service.page("/brownouts")).await;
    browser
        .see("#after", "1 of 2 (50 %) came back upgraded")
        .await;
    browser.see("#after", "1 did not come back").await;
    look(&browser, "brownouts-after", &mut faults).await;
    browser.go(&service.page("")).await;
    browser.see("#first", "Came back upgraded: 1 of 2").await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
