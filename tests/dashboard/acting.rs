//! What is reported and waived.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{OPERATOR, PENDING, TestService},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_is_waived_with_owner_and_reason_and_its_waiver_ended() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.poll(("AGENT", 1), "1.0.0", PENDING).await;
    service.pass(Duration::from_secs(60));
    browser.sign_in(&service, OPERATOR).await;
    browser
        .see("#gate-no_dependent_responses", "1 caller of AGENT")
        .await;
    // Who is waived is picked, not typed.
    browser.go(&service.page("/waive")).await;
    browser.see("#waive-target optgroup", "AGENT 1.0.0").await;
    browser.see("#waive-target", "All callers of MCP").await;
    browser.go(&service.page("/callers?state=dependent")).await;
    browser.click_on("#callers td a", "Waive").await;
    browser.fill("#waive-owner", "team bridge").await;
    browser
        .fill("#waive-reason", "a probe that is never upgraded")
        .await;
    browser.click_on("main button", "Waive").await;
    browser.see(".outcome", "the owner is team bridge").await;
    browser.see("#waivers", "caller psd_").await;
    browser.go(&service.page("")).await;
    browser.see("h1", "compat").await;
    assert!(
        !browser
            .says("#gate-no_dependent_responses", "caller of AGENT")
            .await
    );
    browser.go(&service.page("/waive")).await;
    browser.click("#waivers summary").await;
    browser.fill("#end-1-reason", "it is gone").await;
    browser.click_on("#waivers button", "End the waiver").await;
    browser.see(".outcome", "ended the waiver").await;
    browser.see("#waivers", "There are no waivers").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn checks_incidents_and_client_rollbacks_are_reported() {
    let policy = r#"{"required_checks": ["openapi"]}"#;
    let (service, browser) = (TestService::open(policy).await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.click_on("nav a", "Records").await;
    browser.see("#checks", "not reported").await;
    browser.click("#checks summary").await;
    browser.fill("#check-check", "openapi").await;
    browser.click("#checks input[value=true]").await;
    browser.fill("#check-reason", "run by hand").await;
    browser.click_on("#checks button", "Report").await;
    browser
        .see(".outcome", "mara reported the check openapi green")
        .await;

    browser.click("#incidents summary").await;
    browser.fill("#incident-incident", "INC-7").await;
    browser
        .fill(
            "#incident-reason",
            "pollers <img src=x> \"hang\" & <b>more</b>",
        )
        .await;
    browser
        .click_on("#incidents button", "Open the incident")
        .await;
    browser
        .see("#incidents", "pollers <img src=x> \"hang\" & <b>more</b>")
        .await;
    assert_eq!(
        browser.count("main img").await,
        0,
        "what people write is text"
    );
    browser.click("#incidents .records summary").await;
    browser.fill("#close-1-reason", "it is over").await;
    browser
        .click_on("#incidents button", "Close the incident")
        .await;
    browser.see("#incidents", "No incident is open").await;

    browser.click("#client-rollbacks summary").await;
    browser.fill("#client-kind", "AGENT").await;
    browser.fill("#client-version", "one").await;
    browser.fill("#client-reason", "it crashes").await;
    browser.click_on("#client-rollbacks button", "Record").await;
    browser.see("#form-error", "such as 1.4.2").await;
    browser.fill("#client-version", "1.4.0").await;
    browser.click_on("#client-rollbacks button", "Record").await;
    browser.see("#client-rollbacks", "AGENT to 1.4.0").await;
    assert_eq!(
        service.last_event()["payload"]["client_rolled_back"]["version"],
        "1.4.0"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rollback_is_extended() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.cut_over();
    let incident = legacy_http_compat::rollout::names::IncidentId::new("INC-1").unwrap();
    service
        .rollout
        .rollback(incident, &crate::service::order("agents hang"))
        .unwrap();
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/records")).await;
    browser.click_on("summary", "Extend the rollback").await;
    browser
        .run("document.querySelector('#extend-until').value = '2026-04-01T12:00'")
        .await;
    browser
        .fill("#extend-reason", "the migration is given up")
        .await;
    browser.click_on("main button", "Extend").await;
    browser.see("main", "Done.").await;
    let event = service.last_event();
    let until = &event["payload"]["rollback_extended"]["until"];
    assert_eq!(until, "2026-04-01T12:00:00.000Z", "{event}");
}
