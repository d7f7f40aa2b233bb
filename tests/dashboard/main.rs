//! The dashboard in a real browser, against a real server on a real socket, with a clock that only the test moves.
//!
//! Needs Chromium and `ChromeDriver` (Debian: `apt-get install chromium chromium-driver`), and `npm` for axe-core. What the
//! pages look like is written to `target/screenshots`.

#[path = "../support/shared_journal.rs"]
#[expect(dead_code, reason = "other tests use all of it")]
mod shared_journal;

mod acting;
mod announcing;
mod axe;
mod brownouts;
mod browser;
mod deciding;
mod driver;
mod every_page;
mod every_state;
mod expired;
mod instances;
mod live;
mod scriptless;
mod service;
mod signing_in;
mod sizes;
mod streams;
mod viewing;
mod wire;
