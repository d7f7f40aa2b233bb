//! A browser of its own for each test.

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use serde_json::{Value, json};
use thirtyfour::{
    By, CapabilitiesHelper as _, ChromiumLikeCapabilities as _, DesiredCapabilities, WebDriver,
    WebElement,
};

use crate::{driver::Driver, service::TestService};

/// Two slow cores with two browsers on them.
const PATIENCE: Duration = Duration::from_secs(40);
const BETWEEN_LOOKS: Duration = Duration::from_millis(40);

/// A browser that is closed when this is dropped.
pub(crate) struct Browser {
    web: Option<WebDriver>,
    session: String,
    driver: Driver,
}

impl Browser {
    pub(crate) async fn open() -> Self {
        Self::open_with(true).await
    }

    pub(crate) async fn open_without_script() -> Self {
        Self::open_with(false).await
    }

    async fn open_with(script: bool) -> Self {
        let driver = Driver::start();
        let mut settings = DesiredCapabilities::chrome();
        settings.set_binary(&Driver::chromium()).unwrap();
        for argument in [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1280,900",
        ] {
            settings.add_arg(argument).unwrap();
        }
        if !script {
            let off = json!({ "profile.managed_default_content_settings.javascript": 2 });
            settings.add_experimental_option("prefs", off).unwrap();
        }
        settings
            .set("goog:loggingPrefs", json!({ "browser": "ALL" }))
            .unwrap();
        let web = WebDriver::new(driver.url(), settings).await;
        let web = web.expect("ChromeDriver starts Chromium, and both are of one version");
        Self {
            session: web.handle().session_id().to_string(),
            web: Some(web),
            driver,
        }
    }

    fn web(&self) -> &WebDriver {
        self.web.as_ref().expect("it is there until the end")
    }

    pub(crate) async fn go(&self, address: &str) {
        self.web().goto(address).await.unwrap();
    }

    /// Signs in and sees the overview.
    pub(crate) async fn sign_in(&self, service: &TestService, token: &str) {
        self.go(&service.page("/sign-in")).await;
        self.give_token(token).await;
        self.see("h1", "Phase").await;
    }

    pub(crate) async fn give_token(&self, token: &str) {
        self.fill("#token", token).await;
        self.click("main form button").await;
    }

    pub(crate) async fn address(&self) -> String {
        self.web().current_url().await.unwrap().to_string()
    }

    /// Waits for an element.
    pub(crate) async fn find(&self, css: &str) -> WebElement {
        let started = Instant::now();
        loop {
            if let Ok(found) = self.web().find(By::Css(css)).await {
                return found;
            }
            self.look_again(started, css).await;
        }
    }

    /// Waits until one of the elements says something.
    pub(crate) async fn see(&self, css: &str, text: &str) {
        let started = Instant::now();
        while !self.says(css, text).await {
            self.look_again(started, &format!("{text:?} in {css}"))
                .await;
        }
    }

    /// Whether one of the elements says something now. Whether in capitals is for the style sheet to say.
    pub(crate) async fn says(&self, css: &str, text: &str) -> bool {
        let text = text.to_lowercase();
        for element in self.web().find_all(By::Css(css)).await.unwrap_or_default() {
            // One that was replaced meanwhile says nothing.
            if element
                .text()
                .await
                .is_ok_and(|found| found.to_lowercase().contains(&text))
            {
                return true;
            }
        }
        false
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.web().find_all(By::Css(css)).await.unwrap().len()
    }

    /// Clicks on an element; if the page is replaced meanwhile, on its successor.
    pub(crate) async fn click(&self, css: &str) {
        let started = Instant::now();
        loop {
            let element = self.find(css).await;
            let _ = element.scroll_into_view().await;
            match element.click().await {
                Ok(()) => return,
                Err(error) => {
                    let what = format!("{css} to click on: {error}");
                    self.look_again(started, &what).await;
                }
            }
        }
    }

    /// Clicks on the link or button that says this.
    pub(crate) async fn click_on(&self, css: &str, text: &str) {
        self.see(css, text).await;
        for element in self.web().find_all(By::Css(css)).await.unwrap() {
            if element.text().await.is_ok_and(|found| found.contains(text)) {
                return element.click().await.unwrap();
            }
        }
    }

    pub(crate) async fn fill(&self, css: &str, text: &str) {
        let field = self.find(css).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    /// Waits until an expression is worth this.
    pub(crate) async fn until(&self, script: &str, value: impl Into<Value>) {
        let (started, value) = (Instant::now(), value.into());
        while self.worth(script).await != value {
            self.look_again(started, &format!("{script} to be {value}"))
                .await;
        }
    }

    /// What a field has.
    pub(crate) async fn value(&self, css: &str) -> String {
        let value = self.find(css).await.prop("value").await.unwrap();
        value.unwrap_or_default()
    }

    /// Presses a key in an element.
    pub(crate) async fn press(&self, css: &str, key: &str) {
        let event = format!(
            "document.querySelector('{css}').dispatchEvent(new KeyboardEvent('keydown', {{ key: '{key}', bubbles: true }}))"
        );
        self.run(&event).await;
    }

    /// Opens another window of the same browser, which stays in front.
    pub(crate) async fn open_window(&self) {
        let window = self.web().new_window().await.unwrap();
        self.web().switch_to_window(window).await.unwrap();
    }

    /// Goes to the window that was opened as this one, the first being 0.
    pub(crate) async fn switch_to(&self, window: usize) {
        let windows = self.web().windows().await.unwrap();
        self.web()
            .switch_to_window(windows[window].clone())
            .await
            .unwrap();
    }

    /// What an expression is worth in the page.
    pub(crate) async fn worth(&self, script: &str) -> Value {
        let script = format!("return ({script})");
        self.web()
            .execute(script, Vec::new())
            .await
            .unwrap()
            .json()
            .clone()
    }

    pub(crate) async fn run(&self, script: &str) {
        self.web()
            .execute(script.to_owned(), Vec::new())
            .await
            .unwrap();
    }

    /// What a script hands to its last argument.
    pub(crate) async fn run_to_end(&self, script: &str) -> Value {
        let done = self
            .web()
            .execute_async(script.to_owned(), Vec::new())
            .await;
        done.unwrap().json().clone()
    }

    pub(crate) async fn width(&self, width: u32) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", metrics)
            .await;
    }

    /// As of a person who has chosen the colours.
    pub(crate) async fn forced_colours(&self) {
        let features = json!({ "features": [{ "name": "forced-colors", "value": "active" }] });
        self.tell("Emulation.setEmulatedMedia", features).await;
    }

    /// As on paper.
    pub(crate) async fn print(&self) {
        let media = json!({ "media": "print", "features": [{ "name": "prefers-color-scheme", "value": "dark" }] });
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    pub(crate) async fn screen(&self) {
        let media = json!({ "media": "", "features": [] });
        self.tell("Emulation.setEmulatedMedia", media).await;
    }

    pub(crate) async fn scheme(&self, scheme: &str) {
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.tell("Emulation.setEmulatedMedia", features).await;
    }

    /// Where the browser is.
    pub(crate) async fn zone(&self, zone: &str) {
        self.tell(
            "Emulation.setTimezoneOverride",
            json!({ "timezoneId": zone }),
        )
        .await;
    }

    /// The whole page as a picture in `target/screenshots`.
    pub(crate) async fn picture(&self, name: &str) {
        let shot = self
            .tell(
                "Page.captureScreenshot",
                json!({ "captureBeyondViewport": true }),
            )
            .await;
        let data = shot["data"].as_str().expect("a picture in base 64");
        let directory = screenshots();
        std::fs::create_dir_all(&directory).unwrap();
        std::fs::write(directory.join(format!("{name}.png")), base64(data)).unwrap();
    }

    /// What the browser complains about since the last time, but for what is expected.
    pub(crate) async fn complaints(&self, expected: &[&str]) -> Vec<String> {
        let entries = self.web().get_log("browser").await.unwrap();
        let entries = entries
            .into_iter()
            .filter(|entry| entry.level != "DEBUG" && entry.level != "INFO");
        let texts = entries.map(|entry| format!("{}: {}", entry.level, entry.message));
        texts
            .filter(|text| !expected.iter().any(|part| text.contains(part)))
            .collect()
    }

    async fn tell(&self, method: &str, parameters: Value) -> Value {
        self.web().cdp().send_raw(method, parameters).await.unwrap()
    }

    async fn look_again(&self, started: Instant, what: &str) {
        if started.elapsed() > PATIENCE {
            let mut seen = String::new();
            if let Ok(body) = self.web().find(By::Css("body")).await {
                seen = body.text().await.unwrap_or_default();
            }
            let address = self.address().await;
            let mut message = format!("waited in vain for {what}");
            write!(message, " at {address}, where there is:\n{seen}").unwrap();
            panic!("{message}");
        }
        tokio::time::sleep(BETWEEN_LOOKS).await;
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        self.driver.end(&self.session);
        if let Some(web) = self.web.take() {
            // Its session is over already.
            let _ = web.leak();
        }
    }
}

fn screenshots() -> PathBuf {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent();
    target
        .expect("it lies in the target directory")
        .join("screenshots")
}

/// RFC 4648 §4, of what is known to be well-formed.
fn base64(text: &str) -> Vec<u8> {
    let digit = |byte: u8| match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        _ => 63,
    };
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| *byte != b'=')
        .map(digit)
        .collect();
    let mut bytes = Vec::with_capacity(digits.len() * 3 / 4);
    for group in digits.chunks(4) {
        let bits = group
            .iter()
            .fold(0_u32, |bits, digit| bits << 6 | u32::from(*digit));
        let bits = bits << (6 * (4 - group.len()));
        bytes.extend(&bits.to_be_bytes()[1..group.len()]);
    }
    bytes
}
