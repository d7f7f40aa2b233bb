//! What holds of every page: no barrier, no overflow, no console message.

use std::time::Duration;

use legacy_http_compat::rollout::{
    Phase,
    names::{Identifier, IncidentId, Owner, WaiverTarget},
};
use legacy_http_compat::time::Timestamp;

use crate::{
    axe::violations,
    browser::Browser,
    service::{APPROVED, INVALID, OPERATOR, PENDING, SLOW_DOWN, TestService, VIEWER, order},
};

const POLICY: &str =
    r#"{"required_checks": ["openapi", "client_compat"], "cutover_quiet_window": "1h"}"#;

/// Looks at the page that is shown in both colour schemes, narrow and wide.
pub(crate) async fn look(browser: &Browser, name: &str, faults: &mut Vec<String>) {
    browser.find("h1").await;
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for width in [390, 1280] {
            browser.width(width).await;
            browser.picture(&format!("{name}-{width}-{scheme}")).await;
        }
    }
    browser
        .run("for (const each of document.querySelectorAll('details')) each.open = true")
        .await;
    for scheme in ["light", "dark"] {
        browser.scheme(scheme).await;
        for width in [320, 1280] {
            browser.width(width).await;
            let found = violations(browser).await;
            faults.extend(
                found
                    .into_iter()
                    .map(|fault| format!("{name} {scheme} {width}: {fault}")),
            );
            let wide = browser.worth("document.documentElement.scrollWidth").await;
            if wide.as_u64() > Some(width.into()) {
                faults.push(format!("{name}: {wide} pixels of content at {width}"));
            }
        }
    }
    browser.width(1280).await;
    let expected = [
        "favicon",
        "the server responded with a status of 4",
        // Of the page that is looked at while there is no server.
        "ERR_CONNECTION_REFUSED",
    ];
    let complaints = browser.complaints(&expected).await;
    faults.extend(
        complaints
            .into_iter()
            .map(|complaint| format!("{name}: {complaint}")),
    );
}

async fn look_at(
    service: &TestService,
    browser: &Browser,
    pages: &[(&str, &str)],
    faults: &mut Vec<String>,
) {
    for (name, path) in pages {
        browser.go(&service.page(path)).await;
        look(browser, name, faults).await;
    }
}

/// A day in which the callers upgrade one after the other.
async fn live_through_a_day(service: &TestService) {
    const STEPS: u32 = 144;
    for step in 0..STEPS {
        for (kind, all) in [("AGENT", 12), ("MCP", 6)] {
            for id in 0..all {
                let old = id * STEPS >= step * all && id != 1;
                let version = if old { "1.4.0" } else { "2.0.1" };
                service.poll((kind, id), version, PENDING).await;
                if (id + step) % 3 == 0 {
                    service.poll((kind, id), version, APPROVED).await;
                }
                if (id + step) % 7 == 0 {
                    service.poll((kind, id), version, SLOW_DOWN).await;
                    service.poll((kind, id), version, INVALID).await;
                }
            }
        }
        let refused = (403, r#"{"code":"FORBIDDEN_ACTOR"}"#);
        for id in 0..4 {
            let version = if step < 40 * id { "1.9.0" } else { "2.0.0" };
            service
                .ask("token", ("UI_RUST", id), version, refused)
                .await;
        }
        if step == 60 {
            // Not watched for two hours.
            service.clock.advance(Duration::from_secs(2 * 3_600));
        }
        // The last hour is also shown in buckets of ten seconds.
        let time = Duration::from_secs(600);
        if step + 6 < STEPS {
            service.pass_coarsely(time);
        } else {
            service.pass(time);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_new_rollout_is_accessible() {
    let (service, browser, mut faults) = (
        TestService::open("{}").await,
        Browser::open().await,
        Vec::new(),
    );
    browser.go(&service.page("/sign-in")).await;
    look(&browser, "sign-in", &mut faults).await;
    browser.give_token("wrong").await;
    browser.see("[role=alert]", "Unknown token").await;
    look(&browser, "sign-in-refused", &mut faults).await;
    browser.sign_in(&service, OPERATOR).await;
    let pages = [
        ("empty-overview", ""),
        ("empty-callers", "/callers"),
        ("empty-waivers", "/waive"),
        ("empty-records", "/records"),
        ("no-such-page", "/nowhere"),
        ("step-impossible", "/transition/retire"),
        ("rollback-not-now", "/rollback"),
    ];
    look_at(&service, &browser, &pages, &mut faults).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_running_rollout_is_accessible() {
    let (service, browser, mut faults) = (
        TestService::open(POLICY).await,
        Browser::open().await,
        Vec::new(),
    );
    service.report_check("openapi", true);
    service.open_incident("INC-4711");
    live_through_a_day(&service).await;
    service.cut_over();
    service
        .rollout
        .rollback(IncidentId::new("INC-4712").unwrap(), &order("agents hang"))
        .unwrap();
    let analysis = format!("/post-analysis/{}", service.head());
    let until = Timestamp::now(&*service.clock).plus(Duration::from_secs(9 * 86_400));
    let waived = WaiverTarget::Kind(Identifier::new("MCP").unwrap());
    let by_nils = order("a partner upgrades in May");
    service
        .rollout
        .waive(waived, Owner::new("team bridge").unwrap(), until, &by_nils)
        .unwrap();
    browser.sign_in(&service, OPERATOR).await;
    let pages = [
        ("overview", ""),
        ("overview-month", "?range=30d"),
        ("callers", "/callers"),
        ("waivers", "/waive"),
        ("records", "/records"),
        ("journal", "/journal"),
        ("step-cutover", "/transition/cutover"),
        ("post-analysis", &analysis),
    ];
    look_at(&service, &browser, &pages, &mut faults).await;
    service.cut_over();
    service.poll(("AGENT", 11), "1.4.0", PENDING).await;
    service.tick();
    look_at(
        &service,
        &browser,
        &[("overview-cutover", "?range=1h"), ("rollback", "/rollback")],
        &mut faults,
    )
    .await;
    browser.fill("#back-incident", "INC-1").await;
    browser
        .run("document.querySelector('main form').noValidate = true")
        .await;
    browser.click("main form button.danger").await;
    browser.see("#form-error", "The form has faults").await;
    look(&browser, "form-with-faults", &mut faults).await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[tokio::test(flavor = "multi_thread")]
async fn every_page_of_a_retired_rollout_is_accessible() {
    let policy = r#"{"gates": {"cutover": [], "retire": []}}"#;
    let (service, browser, mut faults) = (
        TestService::open(policy).await,
        Browser::open().await,
        Vec::new(),
    );
    browser.sign_in(&service, VIEWER).await;
    look_at(
        &service,
        &browser,
        &[("step-viewer", "/transition/cutover")],
        &mut faults,
    )
    .await;
    service.cut_over();
    service
        .rollout
        .transition(Phase::Retired, &order("all are gone"))
        .unwrap();
    look_at(
        &service,
        &browser,
        &[("overview-retired", ""), ("rollback-retired", "/rollback")],
        &mut faults,
    )
    .await;
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
