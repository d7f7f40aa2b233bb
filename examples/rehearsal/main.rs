//! The whole rollout plan of the device flow, played before your eyes in less than a minute.
//!
//! ```text
//! cargo run --example rehearsal --features admin,prometheus
//! ```
//!
//! The Core example's server runs in this process, on a free port of the loopback, with a clock for the rollout on which
//! six hours pass in a second. A fleet of clients uses it over HTTP, some old, some upgraded on the way, two that vanish
//! and one that nobody upgrades; an operator goes through the plan by the admin API: observe, compat, upgrade, quiet,
//! cutover, an incident with its rollback and post-analysis, a second cutover, retirement. At the end stands a table: each
//! line of the plan, what was to be seen, and what was seen, read back from the running server. If anything differs, it
//! ends with 1.
//!
//! `--slow` leaves time to watch it in the dashboard, whose address is printed at the start. `--json` prints the table
//! alone on standard output. Ctrl-C ends it early, with 130, and leaves nothing behind.

mod args;
mod clock;
#[allow(dead_code, reason = "no proxy stands in front of this Core")]
#[path = "../core/app/mod.rs"]
mod core_app;
mod field;
mod log;
mod operating;
mod plan;
mod play;
mod show;
mod stage;
mod support;

use std::{error::Error, process::ExitCode};

use clap::Parser;

use crate::{
    args::Args,
    core_app::admin::ADMIN_PATH,
    log::Log,
    play::Scene,
    show::{Timeline, as_json, as_text},
    stage::Stage,
    support::{http_client::HttpClient, operator::Operator},
};

const INTERRUPTED: u8 = 130;

#[tokio::main]
async fn main() -> ExitCode {
    let args = Args::parse();
    let ended = run(&args).await;
    ended.unwrap_or_else(|error| {
        eprintln!("rehearsal: {error}");
        ExitCode::FAILURE
    })
}

async fn run(args: &Args) -> Result<ExitCode, Box<dyn Error>> {
    let log = Log::install();
    let stage = Stage::open(args.factor()).await?;
    let timeline = Timeline::new(args.json);
    timeline.text(&greeting(&stage, args));
    let core = HttpClient::new(stage.base.clone());
    let operator = Operator::new(core.clone(), &stage.keys.operator);
    let mut scene = Scene::new(
        (core, operator),
        stage.clock.clone(),
        timeline,
        log,
        args.r#break,
    )
    .await;
    let ended = tokio::select! {
        ok = perform(&mut scene, args) => if ok { ExitCode::SUCCESS } else { ExitCode::FAILURE },
        interrupted = tokio::signal::ctrl_c() => {
            interrupted?;
            scene.timeline.text("\ninterrupted");
            ExitCode::from(INTERRUPTED)
        }
    };
    stage.close().await?;
    Ok(ended)
}

fn greeting(stage: &Stage, args: &Args) -> String {
    let (base, keys) = (&stage.base, &stage.keys);
    let minutes = args.factor() / 60;
    format!(
        "The rollout plan of the device flow; {minutes} rollout minutes pass in a second.\n\n\
         dashboard: {base}{ADMIN_PATH}\n\
         operator token:\n  {}\n\
         viewer token:\n  {}\n\
         metrics: {base}/metrics",
        keys.operator, keys.viewer
    )
}

/// Plays it all, and prints the table; whether everything was as the plan says.
async fn perform(scene: &mut Scene, args: &Args) -> bool {
    if let Err(stop) = play::play(scene).await {
        scene
            .timeline
            .text(&format!("\nThe play stops here. {}", stop.0));
    }
    play::look_back(scene).await;
    let rows = scene.ledger.rows();
    scene.timeline.heading("The plan, and what was seen of it");
    scene.timeline.text(&as_text(&rows));
    if args.json {
        println!("{}", as_json(&rows));
    }
    let differing = rows.iter().filter(|row| !row.ok).count();
    scene.timeline.text(&match differing {
        0 => format!("All {} as planned.", rows.len()),
        differing => format!("{differing} of {} NOT as planned.", rows.len()),
    });
    differing == 0
}
