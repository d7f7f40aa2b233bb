//! The states that are rarely seen are looked at as every page is: trouble, phases, and other media than a screen.

use std::time::Duration;

use legacy_http_compat::{
    rollout::{
        Phase,
        event::{EventPayload, Head, LossAccepted, NewEvent},
        journal::Journal,
        names::{Actor, IncidentId, Reason},
    },
    time::Timestamp,
};

use crate::{
    browser::Browser,
    every_page::look,
    service::{OPERATOR, PENDING, SESSION, TestService, order},
};

#[tokio::test(flavor = "multi_thread")]
async fn every_state_of_trouble_is_accessible() {
    let (mut service, browser) = (TestService::open("{}").await, Browser::open().await);
    let mut faults = Vec::new();
    service.cut_over();
    lose_events(&service);
    service.clock.advance(Duration::from_secs(1));
    service.poll(("AGENT", 1), "1.4.0", PENDING).await;
    service.tick();
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#banners", "Recorded events were lost").await;
    browser.see("#banners", "1 caller is stranded").await;
    look(&browser, "overview-right-after-cutover", &mut faults).await;

    service.disk.fill(true);
    service.clock.advance(Duration::from_secs(1));
    let incident = IncidentId::new("INC-1").unwrap();
    service
        .rollout
        .rollback(incident, &order("agents hang"))
        .unwrap();
    browser.go(&service.page("")).await;
    browser.see("h1", "Rolled back, not yet on record").await;
    browser.see("#first", "Keep this process running").await;
    assert!(!browser.says("#banners", "stranded").await, "served again");
    look(&browser, "overview-unrecorded", &mut faults).await;
    service.disk.fill(false);
    service.tick();

    browser.go(&service.page("/records")).await;
    browser.click("#incidents summary").await;
    service
        .session_clock
        .advance(SESSION + Duration::from_secs(1));
    browser.see("#main .banner", "Your session has ended").await;
    look(&browser, "records-session-ended", &mut faults).await;
    browser
        .fill("form[action$=incidents] [name=incident]", "INC-2")
        .await;
    browser
        .fill("form[action$=incidents] [name=reason]", "hang")
        .await;
    browser
        .click_on("#incidents button", "Open the incident")
        .await;
    browser.see("#notice", "Nothing was carried out").await;
    look(&browser, "form-after-session", &mut faults).await;

    for _ in 0..12 {
        service.guess().await;
    }
    browser.give_token("a guess").await;
    browser.see("[role=alert]", "Too many").await;
    look(&browser, "too-many-attempts", &mut faults).await;
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    service.shut().await;
    browser.find("html.stale").await;
    look(&browser, "overview-disconnected", &mut faults).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// As a start that accepted a loss records it.
fn lose_events(service: &TestService) {
    let journal = &service.disk;
    let loss = LossAccepted {
        recorded: None,
        found: Head::NONE,
        phase: Some(Phase::Cutover),
    };
    let event = NewEvent::new(
        Timestamp::now(&*service.clock),
        Actor::system("journal").unwrap(),
        Reason::new("the loss of acknowledged events was accepted").unwrap(),
        EventPayload::LossAccepted(loss),
    );
    journal.append(journal.head().unwrap(), event).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn observe_is_accessible_and_pages_are_legible_on_paper_and_in_forced_colours() {
    let policy = r#"{"opening_phase": "observe", "auto_rollback": {"window": "1h", "stranded_callers": 20}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    let mut faults = Vec::new();
    for id in 0..4 {
        service.poll(("AGENT", id), "1.4.0", PENDING).await;
    }
    service.pass(Duration::from_secs(10 * 60));
    browser.sign_in(&service, OPERATOR).await;
    browser.see("h1", "observe").await;
    look(&browser, "overview-observe", &mut faults).await;
    service
        .rollout
        .transition(Phase::Compat, &order("the census is running"))
        .unwrap();
    service.pass(Duration::from_secs(10 * 60));
    service.cut_over();
    service.pass(Duration::from_secs(10 * 60));
    for (page, path) in [
        ("overview", ""),
        ("callers", "/callers"),
        ("rollback", "/rollback"),
    ] {
        browser.go(&service.page(path)).await;
        browser.find("h1").await;
        browser.forced_colours().await;
        browser.width(1280).await;
        browser.picture(&format!("{page}-forced-colours")).await;
        browser.print().await;
        // Dark colours are for screens.
        let ground = "getComputedStyle(document.body).backgroundColor";
        assert_eq!(browser.worth(ground).await, "rgb(255, 255, 255)", "{page}");
        let shown = "[...document.querySelectorAll('.top nav, form, .way-back, .actions')].filter((each) => each.offsetParent).length";
        assert_eq!(browser.worth(shown).await, 0, "{page}");
        browser.width(720).await;
        let wide = browser.worth("document.documentElement.scrollWidth").await;
        assert_eq!(wide, 720, "{page}");
        browser.picture(&format!("{page}-print")).await;
        browser.screen().await;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
