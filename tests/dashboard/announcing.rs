//! What a screen reader says.

use std::time::Duration;

use crate::{
    browser::Browser,
    service::{OPERATOR, PENDING, TestService},
};

/// Holds back the end of each announcement until it is let go: a reader that is slower than the changes.
const HOLD: &str = "window.held = []; window.said = []; \
    const timeout = window.setTimeout; \
    window.setTimeout = (run, wait, ...rest) => wait === 2500 ? held.push(run) : timeout(run, wait, ...rest); \
    const announcer = document.getElementById('announcer'); \
    new MutationObserver(() => said.push(announcer.textContent)).observe(announcer, { childList: true });";

#[tokio::test(flavor = "multi_thread")]
async fn changes_are_announced_together_and_stranded_callers_first() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.cut_over();
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    browser.run(HOLD).await;
    service.open_incident("INC-1");
    browser.see("#announcer", "INC-1").await;
    // While that is being read, callers are stranded one after the other, and there is another event.
    for id in 1..=3 {
        service.pass(Duration::from_secs(60));
        service.poll(("MCP", id), "1.0.0", PENDING).await;
        service.pass(Duration::from_secs(10));
        let verb = if id == 1 { "caller is" } else { "callers are" };
        browser
            .see("#banners .danger", &format!("{id} {verb} stranded"))
            .await;
    }
    service.open_incident("INC-2");
    browser.see("#obligations", "INC-2 is open").await;
    let said = browser.worth("said").await;
    assert_eq!(said.as_array().unwrap().len(), 1, "{said}");
    browser.run("held.shift()()").await;
    let expected =
        "Stranded callers: 3 of MCP. nils opened the incident INC-2. Dependent callers: 3 of MCP";
    assert_eq!(
        browser.worth("said.slice(1)").await,
        serde_json::json!([expected])
    );
    // Nothing that was said once is said again.
    browser.run("held.shift()()").await;
    assert_eq!(browser.worth("said.length").await, 2);
}
