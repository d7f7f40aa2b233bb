//! The steps, on evidence and against it, and the way back.

use std::time::Duration;

use legacy_http_compat::rollout::Phase;

use crate::{
    browser::Browser,
    service::{APPROVED, OPERATOR, PENDING, TestService},
};

const POLICY: &str = r#"{
    "required_checks": ["openapi"], "cutover_quiet_window": "1h", "inactive_after": "1h", "min_responses": 1,
    "retirement_quiet_window": "1h", "rollback_limit": "1h"
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_gate_says_what_to_do_and_the_step_is_taken_when_it_is_done() {
    let (service, browser) = (TestService::open(POLICY).await, Browser::open().await);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(5 * 60));
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#next", "Not yet. ").await;
    browser
        .see("#next .remedies", "Run and report: openapi.")
        .await;
    browser
        .see(
            "#gate-required_checks",
            "The check openapi was never reported",
        )
        .await;
    browser
        .see(
            "#gate-no_dependent_responses",
            "1 caller of AGENT depended on a legacy response in the last hour",
        )
        .await;
    // What to do is said once, by who has to act.
    browser.see("#next .remedies", "Callers to upgrade").await;
    browser.see("#next .remedies", "Checks to report").await;
    browser
        .click_on("#next .remedies a", "Show this caller")
        .await;
    browser.see("#callers", "1 caller").await;
    browser.go(&service.page("/transition/cutover")).await;
    browser.see("#gates", "gates fail").await;
    // The caller upgrades, the check goes green, and an hour goes by.
    service.report_check("openapi", true);
    service.poll(("AGENT", 1), "2.0.0", APPROVED).await;
    service.pass(Duration::from_secs(80 * 60));
    service.poll(("AGENT", 1), "2.0.0", APPROVED).await;
    service.pass(Duration::from_secs(60));
    browser.go(&service.page("/transition/cutover")).await;
    browser.see("#gates", "All 5 gates pass").await;
    browser
        .fill("#step-reason", "all is quiet\nsince an hour")
        .await;
    browser.click_on("main button", "Cut over").await;
    browser
        .see(".outcome", "mara cut over: the flag is off")
        .await;
    browser.see("h1", "cutover").await;
    assert_eq!(service.phase(), Phase::Cutover);
    assert_eq!(service.last_event()["reason"], "all is quiet since an hour");
    assert_eq!(service.last_event()["actor"]["id"], "mara");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_names_each_failing_gate() {
    let (service, browser) = (TestService::open(POLICY).await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.click_on("#next .actions a", "Cut over").await;
    browser.see("fieldset", "I override required_checks").await;
    let failing = browser.count("input[name=override]").await;
    browser
        .fill("#step-reason", "the old API is switched off tonight")
        .await;
    browser.click("input[value=required_checks]").await;
    // The browser does not send it before all are ticked; the server checks it as well.
    browser
        .run("document.querySelector('.decide form').noValidate = true")
        .await;
    browser
        .click_on(".decide button", "against the gates")
        .await;
    browser
        .see("#form-error", "Override does not match the failing gates")
        .await;
    assert_eq!(service.phase(), Phase::Compat);
    let reason = browser
        .find("#step-reason")
        .await
        .prop("value")
        .await
        .unwrap();
    assert_eq!(
        reason.as_deref(),
        Some("the old API is switched off tonight"),
        "nothing is lost"
    );
    for number in 1..=failing {
        let css = format!("label.check:nth-of-type({number}) input:not(:checked)");
        if browser.count(&css).await > 0 {
            browser.click(&css).await;
        }
    }
    browser
        .click_on(".decide button", "against the gates")
        .await;
    browser.see(".outcome", "mara cut over and overrode").await;
    assert_eq!(service.phase(), Phase::Cutover);
    assert!(!service.is_on());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_decision_on_an_outdated_page_shows_the_events_since() {
    let policy = r#"{"gates": {"cutover": []}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/transition/cutover")).await;
    browser.see("#connection", "Live").await;
    browser.fill("#step-reason", "go").await;
    service.open_incident("INC-1");
    browser
        .see(
            "[data-stale]",
            "The state has changed since this page was loaded",
        )
        .await;
    browser.click_on(".decide button", "Cut over").await;
    browser
        .see("#form-error", "nils opened the incident INC-1")
        .await;
    assert_eq!(service.phase(), Phase::Compat);
    // It may be decided again once it was seen.
    browser.click_on(".decide button", "Cut over").await;
    browser.see(".outcome", "mara cut over").await;
    assert_eq!(service.phase(), Phase::Cutover);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_one_confirmed_action_from_every_page() {
    let (service, browser) = (TestService::open(POLICY).await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    // Where there is nothing to roll back, it is not offered.
    assert_eq!(browser.count("a[href$='/rollback']").await, 0);
    browser.go(&service.page("/rollback")).await;
    browser
        .see(
            "main",
            "The flag is on: legacy clients already get legacy responses",
        )
        .await;
    service.cut_over();
    for page in [
        "",
        "/callers",
        "/waive",
        "/records",
        "/journal",
        "/transition/retire",
    ] {
        browser.go(&service.page(page)).await;
        browser.find("a.rollback").await;
    }
    browser.click("a.rollback").await;
    browser.fill("#back-incident", "INC-4711").await;
    browser.fill("#back-reason", "pollers give up").await;
    browser
        .click_on("main button", "Roll back: switch the flag on")
        .await;
    browser
        .see(
            ".outcome",
            "mara rolled back because of INC-4711: the flag is on again",
        )
        .await;
    assert!(service.is_on());
    browser.see("#first", "has no post-analysis").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_analysis_is_filed_and_no_longer_owed() {
    let (service, browser) = (TestService::open(POLICY).await, Browser::open().await);
    service.cut_over();
    let incident = legacy_http_compat::rollout::names::IncidentId::new("INC-1").unwrap();
    service
        .rollout
        .rollback(incident, &crate::service::order("agents hang"))
        .unwrap();
    service.pass(Duration::from_secs(2 * 3_600));
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#banners", "A post-analysis is overdue").await;
    browser.click_on("#banners a", "File it").await;
    browser.fill("#analysis-link", "ftp://wiki.example/1").await;
    browser
        .fill("#analysis-summary", "A probe\nwas never upgraded.")
        .await;
    browser.fill("#analysis-reason", "done").await;
    browser
        .click_on("main button", "File the post-analysis")
        .await;
    browser
        .see(
            "#form-error .faults",
            "Link: a valid value (link: is not an absolute http or https address",
        )
        .await;
    browser
        .fill("#analysis-link", "https://wiki.example/1")
        .await;
    browser
        .click_on("main button", "File the post-analysis")
        .await;
    browser
        .see(".outcome", "mara filed the post-analysis")
        .await;
    browser.see("main", "A probe was never upgraded.").await;
    browser.go(&service.page("")).await;
    browser.see("h1", "compat").await;
    assert!(!browser.says("#banners", "A post-analysis is overdue").await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_that_is_not_yet_on_record_is_all_that_a_page_says() {
    let policy = r#"{"gates": {"cutover": [], "retire": []}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    service.cut_over();
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#next", "Retire the flag").await;
    browser.see("#next", "The policy requires no gates").await;
    service.disk.fill(true);
    browser.click(".rollback").await;
    browser.fill("#back-incident", "INC-1").await;
    browser.fill("#back-reason", "agents hang").await;
    browser.click_on("main button", "Roll back").await;
    browser.see("h1", "Rolled back, not yet on record").await;
    browser
        .see("#banners", "Rolled back, not yet on record")
        .await;
    assert!(service.is_on());
    for said in [
        "Retire",
        "Cut over",
        "All clients get target responses",
        "flag off",
    ] {
        let shown = ".top, #phase, #banners, #first, #next";
        assert!(!browser.says(shown, said).await, "{said}");
    }
    assert_eq!(browser.count("a[href*='/transition/'], .rollback").await, 0);
    browser.go(&service.page("/transition/retire")).await;
    browser.see("main", "Not possible now").await;
    assert_eq!(browser.count("main form").await, 0);
    service.disk.fill(false);
    service.tick();
    browser.go(&service.page("")).await;
    browser.see("#first", "Rolled back for INC-1").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_policy_without_gates_says_so_in_the_same_words_everywhere() {
    let policy = r#"{"gates": {"cutover": [], "retire": []}}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    let verdict = service.rollout.view().gates_verdict;
    assert_eq!(verdict.as_str(), "no_gates");
    browser.sign_in(&service, OPERATOR).await;
    for page in ["", "/transition/cutover"] {
        browser.go(&service.page(page)).await;
        browser.see(".decision", verdict.sentence()).await;
        assert_eq!(browser.count(".decision.yes").await, 0, "{page:?}");
    }
    browser.see(".brand", "staging").await;
}
