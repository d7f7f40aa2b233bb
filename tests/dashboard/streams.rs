//! A browser has six connections to a server: whatever is open, the next page and the way back are reached.

use legacy_http_compat::rollout::Phase;

use crate::{
    browser::Browser,
    service::{OPERATOR, TestService, VIEWER},
};

/// Whether the page in front follows a stream.
const HOLDS_A_STREAM: &str = "document.getElementById('connection').textContent.includes('Live')";

#[tokio::test(flavor = "multi_thread")]
async fn with_eight_pages_open_the_way_back_is_taken_at_once() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    service.cut_over();
    browser.sign_in(&service, OPERATOR).await;
    for _ in 1..8 {
        browser.open_window().await;
        browser.go(&service.page("")).await;
        browser.see("h1", "cutover").await;
    }
    let mut live = 0;
    for window in 0..8 {
        browser.switch_to(window).await;
        browser.find("#connection.live").await;
        live += usize::from(browser.worth(HOLDS_A_STREAM).await == true);
    }
    assert!(live <= 3, "{live} pages hold a stream");
    browser.switch_to(5).await;
    browser.click(".rollback").await;
    browser.fill("#back-incident", "INC-1").await;
    browser.fill("#back-reason", "agents hang").await;
    browser.click_on("main button", "Roll back").await;
    browser
        .see(".outcome", "rolled back because of INC-1")
        .await;
    assert_eq!(service.phase(), Phase::Compat);
    // The others show it, with a stream or without one.
    for window in 0..8 {
        browser.switch_to(window).await;
        browser.see("h1", "compat").await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_is_left_or_hidden_holds_no_stream() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    browser.sign_in(&service, OPERATOR).await;
    browser.see("#connection", "Live").await;
    // The streams of the page from now on: how many were opened, and how many closed.
    let spied = "window.streams = [0, 0]; \
                 window.EventSource = class extends EventSource { \
                   constructor(address) { super(address); streams[0] += 1; } \
                   close() { super.close(); streams[1] += 1; } \
                 };";
    browser.run(spied).await;
    let hidden = |hidden: bool| {
        format!(
            "Object.defineProperty(document, 'hidden', {{ value: {hidden}, configurable: true }}); \
             document.dispatchEvent(new Event('visibilitychange'));"
        )
    };
    browser.run(&hidden(true)).await;
    browser.run(&hidden(false)).await;
    browser.until("streams.join()", "1,0").await;
    browser.run(&hidden(true)).await;
    browser.until("streams.join()", "1,1").await;
    browser.run(&hidden(false)).await;
    browser.until("streams.join()", "2,1").await;
    // Before a link is followed, and before a form is sent.
    let stay = "addEventListener('click', (event) => event.preventDefault()); \
                addEventListener('submit', (event) => event.preventDefault());";
    browser.run(stay).await;
    browser.click_on("nav a", "Journal").await;
    browser.until("streams.join()", "2,2").await;
    // It was not left, so it is followed again.
    browser.until("streams.join()", "3,2").await;
    browser
        .run("document.querySelector('.me form').requestSubmit()")
        .await;
    browser.until("streams.join()", "3,3").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_that_got_no_stream_polls_until_it_gets_one() {
    let (service, browser) = (TestService::open("{}").await, Browser::open().await);
    // All that a name may have.
    let mut taken = Vec::new();
    for _ in 0..8 {
        let stream = reqwest::Client::new().get(service.page("/api/events"));
        let stream = stream.bearer_auth(VIEWER).send().await.unwrap();
        assert_eq!(stream.status(), 200);
        taken.push(stream);
    }
    browser.sign_in(&service, VIEWER).await;
    browser.see("#connection", "Every 10 s").await;
    service.open_incident("INC-1");
    browser.see("#obligations", "INC-1 is open").await;
    assert_eq!(browser.count("html.stale").await, 0);
    browser.see("#connection", "Every 10 s").await;
    drop(taken);
    browser.see("#connection", "Live").await;
}
