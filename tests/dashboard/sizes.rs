//! What is seen without scrolling, and how long pages are.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{APPROVED, INVALID, OPERATOR, PENDING, SLOW_DOWN, TestService},
};

/// All gates fail, and what they name is long.
const BLOCKED: &str = r#"{
    "required_checks": ["openapi", "auth_device_integration", "client_compat", "load", "contract_tests", "smoke"],
    "processes": 3, "auto_rollback": {"window": "24h", "stranded_callers": 20, "stranded_percent": 5}
}"#;

/// Three kinds of callers depend, two incidents are open, and every outcome was seen.
async fn blocked() -> TestService {
    let service = TestService::open(BLOCKED).await;
    for (kind, all) in [("AGENT", 40), ("MCP", 20), ("UI_RUST", 9)] {
        for id in 0..all {
            for response in [PENDING, APPROVED, SLOW_DOWN, INVALID] {
                service.poll((kind, id), "1.4.0", response).await;
            }
        }
    }
    service.open_incident("INC-4711");
    service.open_incident("INC-4712");
    service.pass(Duration::from_secs(15 * 60));
    service
}

async fn height(browser: &Browser, width: u32) -> u64 {
    browser.width(width).await;
    let height = browser.worth("document.documentElement.scrollHeight").await;
    height.as_u64().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_blocked_overview_is_short_and_shows_the_curve_at_once() {
    let (service, browser) = (blocked().await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    for state in ["blocked", "stranded"] {
        if state == "stranded" {
            service.cut_over();
            service.pass(Duration::from_secs(5 * 60));
            for id in 0..9 {
                service.poll(("MCP", id), "1.4.0", PENDING).await;
            }
            service.pass(Duration::from_secs(10));
            browser.go(&service.page("")).await;
        }
        browser.see("#next", "gates fail").await;
        let heights = [height(&browser, 1280).await, height(&browser, 390).await];
        browser.picture(&format!("{state}-390-light")).await;
        assert!(heights[0] <= 2_200, "{state}: {heights:?}");
        assert!(heights[1] <= 4_500, "{state}: {heights:?}");
        browser.width(1280).await;
        browser.picture(&format!("{state}-1280-light")).await;
        let curve = "document.querySelector('#timeseries .plot').getBoundingClientRect().bottom";
        let curve = browser.worth(curve).await.as_f64().unwrap();
        assert!(curve <= 800.0, "{state}: the curve ends at {curve}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn gates_are_one_line_each_with_the_failing_ones_first() {
    let (service, browser) = (blocked().await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#next", "gates fail").await;
    let lines = "[...document.querySelectorAll('.gate summary')].every((line) => line.getBoundingClientRect().height < 40)";
    assert_eq!(browser.worth(lines).await, true);
    let sorted = "[...document.querySelectorAll('.gate')].map((gate) => gate.classList.contains('fail')).join()";
    let sorted = browser.worth(sorted).await;
    let sorted = sorted.as_str().unwrap();
    assert!(
        sorted.starts_with("true") && !sorted.contains("false,true"),
        "{sorted}"
    );
    browser.click("#gate-coverage summary").await;
    browser.see("#gate-coverage", "of 24 h watched").await;
    // The same remedy is said once, for all that it is to be done to, with the latest date where only time helps.
    let remedies = "[...document.querySelectorAll('.remedies dd')].filter((line) => line.textContent.includes('Upgrade the callers')).length";
    assert_eq!(browser.worth(remedies).await, 1);
    let checks = "auth_device_integration, client_compat, contract_tests, load, openapi and smoke";
    browser.see(".remedies", checks).await;
    browser
        .see(".remedies", "Close once resolved: INC-4711 and INC-4712.")
        .await;
    // Two gates wait for windows of different length: their remedy has the later date.
    let waits = "[...document.querySelectorAll('.remedies dd')].filter((line) => line.textContent.includes('Keep the process running')).length";
    assert_eq!(browser.worth(waits).await, 1);
    browser
        .see(".remedies", "Keep the process running until 2026-03")
        .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_columns_begin_at_1280_pixels() {
    let (service, browser) = (blocked().await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    let columns =
        "getComputedStyle(document.querySelector('.two')).gridTemplateColumns.split(' ').length";
    browser.width(1280).await;
    assert_eq!(browser.worth(columns).await, 2);
    browser.width(1279).await;
    assert_eq!(browser.worth(columns).await, 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn state_and_waiver_of_a_caller_are_in_sight_on_a_narrow_screen() {
    let (service, browser) = (blocked().await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.go(&service.page("/callers")).await;
    for width in [390, 1280] {
        browser.width(width).await;
        for cell in ["State", "Waiver"] {
            let within = format!(
                "(() => {{ const place = document.querySelector('td[data-label={cell}]').getBoundingClientRect(); \
                 return place.width > 0 && place.right <= innerWidth; }})()"
            );
            assert_eq!(browser.worth(&within).await, true, "{cell} at {width}");
        }
    }
    // Found by a part of the pseudonym, by version and by endpoint.
    let caller = "document.querySelector('.callers code').title.slice(-9)";
    let caller = browser.worth(caller).await;
    browser
        .fill("#filter-search", caller.as_str().unwrap())
        .await;
    browser.click(".filter button").await;
    browser.see("#callers-title", "1 caller").await;
    browser
        .go(&service.page("/callers?search=1.4&kind=MCP"))
        .await;
    browser.see("#callers-title", "20 callers").await;
    browser
        .go(&service.page("/callers?search=device_start"))
        .await;
    browser.see("#callers", "No caller matches").await;
    browser.go(&service.page("/callers")).await;
    browser.click("#callers summary").await;
    browser.see("#callers dl", "Depended in the window").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_current_phase_is_told_apart_in_forced_colours() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.forced_colours().await;
    let outline = |stage: &str| {
        format!("getComputedStyle(document.querySelector('.stages li.{stage}')).outlineStyle")
    };
    assert_eq!(browser.worth(&outline("current")).await, "solid");
    assert_eq!(browser.worth(&outline("ahead")).await, "none");
    browser.picture("overview-forced-colours").await;
}
