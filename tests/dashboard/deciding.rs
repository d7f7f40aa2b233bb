//! The steps, on evidence and against it, and the way back.

use std::time::Duration;

use legacy_http_compat::rollout::Phase;

use crate::{
    browser::Browser,
    room::{APPROVED, OPERATOR, PENDING, Room},
};

const POLICY: &str = r#"{
    "required_checks": ["openapi"], "cutover_quiet_window": "1h", "inactive_after": "1h", "min_responses": 1,
    "retirement_quiet_window": "1h", "rollback_limit": "1h"
}"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_failing_gate_says_what_to_do_and_the_step_is_taken_when_it_is_done() {
    let (room, browser) = (Room::open(POLICY).await, Browser::open().await);
    room.poll(("AGENT", 1), "1.0.0", PENDING).await;
    room.pass(Duration::from_secs(5 * 60));
    browser.sign_in(&room, OPERATOR).await;
    browser.see("#next", "Not yet. ").await;
    browser
        .see(
            "#gate-required_checks",
            "Run openapi, and have the pipeline report it",
        )
        .await;
    browser
        .see(
            "#gate-no_dependent_responses",
            "1 caller of AGENT got or missed an old answer in the last 1 hour",
        )
        .await;
    browser
        .click_on("#gate-no_dependent_responses a", "See this caller")
        .await;
    browser.see("#callers", "1 caller").await;
    browser.go(&room.page("/transition/cutover")).await;
    browser.see("#gates", "gates stand in the way").await;
    // The caller upgrades, the check goes green, and an hour goes by.
    room.report_check("openapi", true);
    room.poll(("AGENT", 1), "2.0.0", APPROVED).await;
    room.pass(Duration::from_secs(80 * 60));
    room.poll(("AGENT", 1), "2.0.0", APPROVED).await;
    browser.go(&room.page("/transition/cutover")).await;
    browser.see("#gates", "All 6 gates let pass").await;
    browser
        .fill("#step-reason", "all is quiet\nsince an hour")
        .await;
    browser.click_on("main button", "Cut over").await;
    browser
        .see(".outcome", "mara cut over: the flag is off")
        .await;
    browser.see("h1", "cutover").await;
    assert_eq!(room.phase(), Phase::Cutover);
    assert_eq!(room.last_event()["reason"], "all is quiet since an hour");
    assert_eq!(room.last_event()["actor"]["id"], "mara");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_override_names_each_failing_gate() {
    let (room, browser) = (Room::open(POLICY).await, Browser::open().await);
    browser.sign_in(&room, OPERATOR).await;
    browser.click_on("#next .actions a", "Cut over").await;
    browser.see("fieldset", "I override required_checks").await;
    let failing = browser.count("input[name=override]").await;
    browser
        .fill("#step-reason", "the old API is switched off tonight")
        .await;
    browser.click("input[value=required_checks]").await;
    // The browser does not send it before all are ticked; whoever gets round that is told by the server.
    browser
        .run("document.querySelector('.decide form').noValidate = true")
        .await;
    browser
        .click_on(".decide button", "against the gates")
        .await;
    browser
        .see("#trouble", "The override does not name the failing gates")
        .await;
    assert_eq!(room.phase(), Phase::Compat);
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
    browser.see(".outcome", "mara cut over against").await;
    assert_eq!(room.phase(), Phase::Cutover);
    assert!(!room.is_on());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_decides_on_an_old_page_sees_what_happened_meanwhile() {
    let policy = r#"{"gates": {"cutover": []}}"#;
    let (room, browser) = (Room::open(policy).await, Browser::open().await);
    browser.sign_in(&room, OPERATOR).await;
    browser.go(&room.page("/transition/cutover")).await;
    browser.see("#connection", "Live").await;
    browser.fill("#step-reason", "go").await;
    room.open_incident("INC-1");
    browser
        .see(
            "[data-stale]",
            "Something was journaled since this page was loaded",
        )
        .await;
    browser.click_on(".decide button", "Cut over").await;
    browser
        .see("#trouble", "nils opened the incident INC-1")
        .await;
    assert_eq!(room.phase(), Phase::Compat);
    // Whoever has seen it may decide again.
    browser.click_on(".decide button", "Cut over").await;
    browser.see(".outcome", "mara cut over").await;
    assert_eq!(room.phase(), Phase::Cutover);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_way_back_is_one_confirmed_action_from_every_page() {
    let (room, browser) = (Room::open(POLICY).await, Browser::open().await);
    browser.sign_in(&room, OPERATOR).await;
    browser.click(".rollback").await;
    browser
        .see(
            "main",
            "The flag is on: old clients get the answers they expect already",
        )
        .await;
    room.cut_over();
    for page in [
        "",
        "/callers",
        "/waive",
        "/records",
        "/journal",
        "/transition/retire",
    ] {
        browser.go(&room.page(page)).await;
        browser.find("a.rollback.armed").await;
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
    assert!(room.is_on());
    browser.see("#duties", "has no post-analysis yet").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_analysis_is_filed_and_no_longer_owed() {
    let (room, browser) = (Room::open(POLICY).await, Browser::open().await);
    room.cut_over();
    let incident = legacy_http_compat::rollout::IncidentId::new("INC-1").unwrap();
    room.rollout
        .rollback(incident, &crate::room::order("agents hang"))
        .unwrap();
    room.pass(Duration::from_secs(2 * 3_600));
    browser.sign_in(&room, OPERATOR).await;
    browser.see("#alarms", "A post-analysis is overdue").await;
    browser.click_on("#alarms a", "File it").await;
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
            "#trouble .faults",
            "Link: link: is not an absolute http or https address",
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
    browser.go(&room.page("")).await;
    browser.see("h1", "compat").await;
    assert!(!browser.says("#alarms", "A post-analysis is overdue").await);
}
