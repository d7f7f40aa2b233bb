//! What a page does while it is looked at.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{INVALID, OPERATOR, PENDING, TestService, order},
    wire::Wire,
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
        .see("#announcer", "Dependent callers: 2 of AGENT")
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
    service.pass(Duration::from_secs(60));
    service.poll(("MCP", 1), "1.0.0", PENDING).await;
    service.open_incident("INC-1");
    browser
        .see("#banners .danger", "1 caller is stranded")
        .await;
    browser
        .see(
            "#banners .danger",
            "Stranded since the flag went off 1 min ago: 1 of 1 dependent caller (1 of MCP)",
        )
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
async fn figures_that_are_no_longer_updated_are_grey_and_say_since_when() {
    let (mut service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    service.shut().await;
    browser.see("#connection", "Figures of 12:00:").await;
    browser.find("html.stale").await;
    browser.see("h1", "compat").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stalls_is_not_live() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    let wire = Wire::to(&service).await;
    browser.go(&wire.page("/sign-in")).await;
    browser.give_token(OPERATOR).await;
    browser.see("#connection", "Live").await;
    wire.stall(true);
    browser.see("#connection", "Figures of 12:00:").await;
    browser.find("html.stale").await;
    browser
        .see(
            "#announcer",
            "The figures on this page are no longer updated",
        )
        .await;
    wire.stall(false);
    browser.see("#connection", "Live").await;
    assert_eq!(browser.count("html.stale").await, 0);
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_rollback_the_alarm_is_over_and_callers_are_served_again() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    for id in 0..3 {
        service.poll(("AGENT", id), "1.0.0", PENDING).await;
    }
    service.pass(Duration::from_secs(60));
    service.cut_over();
    service.pass(Duration::from_secs(60));
    for id in 0..3 {
        service.poll(("AGENT", id), "1.0.0", PENDING).await;
    }
    service.pass(Duration::from_secs(60));
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#first", "Is the cutover holding?").await;
    browser
        .see(
            "#first",
            "No. Stranded since the flag went off 2 min ago: 3 of 3 dependent callers",
        )
        .await;
    let incident = legacy_http_compat::rollout::names::IncidentId::new("INC-1").unwrap();
    service
        .rollout
        .rollback(incident, &order("agents hang"))
        .unwrap();
    service.pass(Duration::from_secs(60));
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    browser.go(&service.page("")).await;
    browser.see("#first", "Rolled back for INC-1").await;
    browser.see("#first", "Served again: 1 of 3 callers").await;
    browser.see("#first", "has no post-analysis").await;
    assert_eq!(
        browser.count("#banners .banner").await,
        0,
        "nothing is stranded now"
    );
    assert_eq!(
        browser.count(".rollback").await,
        0,
        "nothing is left to roll back"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chart_reads_its_values_and_marks_when_the_flag_changed() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(20 * 60));
    service.cut_over();
    service.pass(Duration::from_secs(10 * 60));
    browser.sign_in(&service, OPERATOR).await;
    browser
        .see("#timeseries .unit", "1 Mar 12:00 to 1 Mar 12:30 UTC")
        .await;
    browser.see("#timeseries .change", "flag off").await;
    browser
        .run("document.querySelector('#timeseries .plot').focus()")
        .await;
    browser.press("#timeseries .plot", "ArrowLeft").await;
    browser.see("#timeseries .readout", "UTC: AGENT 1").await;
    let spoken = "document.querySelector('#timeseries .plot').getAttribute('aria-valuetext')";
    let spoken = browser.worth(spoken).await;
    assert!(spoken.as_str().unwrap().contains("AGENT 1"), "{spoken}");
    browser
        .run("document.querySelector('#timeseries .area').dispatchEvent(new PointerEvent('pointermove', { bubbles: true, clientX: 0 }))")
        .await;
    browser.see("#timeseries .readout", "03-01 12:00").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_alarm_says_why_responses_were_not_rewritten_since_the_flag_changed() {
    const NOT_JSON: (u16, &str) = (200, "PENDING");
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    // What was not rewritten in the instant of the change is of the time before it.
    service.pass(Duration::from_secs(60));
    for id in 0..2 {
        service.poll(("AGENT", id), "1.0.0", PENDING).await;
        service.poll(("AGENT", id), "1.0.0", NOT_JSON).await;
    }
    service.pass(Duration::from_secs(60));
    browser.sign_in(&service, OPERATOR).await;
    let said = "The flag is on, but responses could not be rewritten";
    browser
        .see("#banners", &format!("{said}: 2 not_json."))
        .await;
    service.cut_over();
    service.pass(Duration::from_secs(60));
    let incident = legacy_http_compat::rollout::names::IncidentId::new("INC-1").unwrap();
    service
        .rollout
        .rollback(incident, &order("agents hang"))
        .unwrap();
    service.pass(Duration::from_secs(60));
    service.poll(("AGENT", 1), "1.0.0", NOT_JSON).await;
    service.pass(Duration::from_secs(60));
    browser.go(&service.page("")).await;
    browser
        .see("#banners", &format!("{said}: 1 not_json."))
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cutover_is_compared_with_the_hour_before_it_and_shows_the_rest_of_the_guard() {
    let policy = r#"{"auto_rollback": {"window": "30m", "stranded_callers": 20}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    for response in [PENDING, PENDING, PENDING, INVALID] {
        service.poll(("AGENT", 1), "2.0.0", response).await;
    }
    service.pass(Duration::from_secs(5 * 60));
    service.cut_over();
    service.pass(Duration::from_secs(2 * 60));
    for response in [PENDING, INVALID] {
        service.poll(("AGENT", 1), "2.0.0", response).await;
    }
    service.pass(Duration::from_secs(3 * 60));
    browser.sign_in(&service, OPERATOR).await;
    let errors = "Errors: 50 % of 2 responses; 25 % of 4 responses in the hour before the cutover.";
    browser.see("#first", errors).await;
    let guard = "Rolled back automatically at more than 20 stranded callers, for another 25 min.";
    browser.see("#first", guard).await;
    service.pass(Duration::from_secs(26 * 60));
    browser.go(&service.page("")).await;
    browser
        .see("#first", "The automatic rollback ended 1 min ago.")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn charts_begin_with_a_range_that_fits_what_was_recorded() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    service.cut_over();
    service.pass(Duration::from_secs(60));
    browser.sign_in(&service, OPERATOR).await;
    let shown = "#timeseries .spans [aria-current]";
    browser.see(shown, "1h").await;
    service.pass(Duration::from_secs(3 * 3_600));
    browser.go(&service.page("")).await;
    browser.see(shown, "24h").await;
    service.clock.advance(Duration::from_secs(30 * 3_600));
    service.pass(Duration::from_secs(60));
    browser.go(&service.page("")).await;
    browser.see(shown, "30d").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_retired_rollout_says_what_to_remove() {
    let policy = r#"{"gates": {"cutover": [], "retire": []}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    service.cut_over();
    let retired = legacy_http_compat::rollout::Phase::Retired;
    service
        .rollout
        .transition(retired, &order("all are gone"))
        .unwrap();
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#first", "What to remove from the code").await;
    let proof =
        "legacy-http-compat check-removed --flag features.auth.device_flow.compat_legacy_http .";
    browser.see("#first", proof).await;
}
