//! What grows with what: endpoints, outcomes, headers, bodies, callers and threads, each from one to as many as there may be.
//!
//! ```sh
//! cargo bench --bench growth                                 # the figures
//! cargo bench --bench growth -- --chart benches/growth.svg   # and the chart
//! ```
//!
//! A figure is of the fastest of several runs. Those by endpoints, outcomes, headers and bytes are what the layer adds to the same
//! service; those by callers and threads are whole requests, with detector, census and metrics.

mod callers;
mod chart;
mod measure;
mod panel;
mod requests;
#[path = "../support/mod.rs"]
mod support;

use std::{env, fs, io, path::PathBuf};

use measure::Effort;
use panel::Panel;

fn main() -> io::Result<()> {
    let mut arguments = env::args().skip(1);
    let effort = if env::args().any(|argument| argument == "--bench") {
        Effort::Measured
    } else {
        Effort::Tried
    };
    let chart = arguments
        .find(|argument| argument == "--chart")
        .and_then(|_| arguments.next());
    let panels = panels(effort);
    for panel in &panels {
        println!("{panel}");
    }
    chart.map_or(Ok(()), |path| {
        fs::write(PathBuf::from(path), chart::svg(&panels))
    })
}

fn panels(effort: Effort) -> Vec<Panel> {
    vec![
        requests::endpoints(effort),
        requests::outcomes(effort),
        requests::response_headers(effort),
        requests::bodies(effort),
        callers::known_caller(effort),
        callers::threads(effort),
        callers::reports(effort),
        callers::snapshots(effort),
    ]
}
