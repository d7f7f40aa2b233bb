//! The whole rollout plan of the device flow in less than a minute.
//!
//! ```text
//! cargo run --example rehearsal --features admin,hyper,prometheus
//! ```
//!
//! The Core example's server runs in this process, on a free port of the loopback interface, with a clock for the rollout
//! on which six hours pass per second. Clients use it over HTTP: some are old, some are upgraded on the way, two
//! disappear and one is never upgraded. An operator executes the plan through the admin API: observe, compat, upgrade,
//! quiet, cutover, an incident with rollback and post-analysis, a second cutover, retirement. The final table lists
//! each line of the plan with expected and observed results, read back from the running server. The exit code is 1 if
//! any differ.
//!
//! `--slow` runs slowly enough to watch in the dashboard, whose address is printed at the start. `--json` prints only the
//! table to standard output. Ctrl-C stops early with exit code 130 and removes all files.

mod args;
mod clock;
#[expect(dead_code, reason = "there is no proxy in front of this Core")]
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
    let operator = Operator::new(core.clone(), &stage.tokens.operator);
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
    let (base, tokens) = (&stage.base, &stage.tokens);
    let minutes = args.factor() / 60;
    format!(
        "The rollout plan of the device flow, at {minutes} rollout minutes per second.\n\n\
         dashboard: {base}{ADMIN_PATH}\n\
         operator token:\n  {}\n\
         viewer token:\n  {}\n\
         metrics: {base}/metrics",
        tokens.operator, tokens.viewer
    )
}

/// Runs the plan and prints the table. Returns whether everything was as expected.
async fn perform(scene: &mut Scene, args: &Args) -> bool {
    if let Err(stop) = play::play(scene).await {
        scene
            .timeline
            .text(&format!("\nThe rehearsal stops here: {}", stop.0));
    }
    play::look_back(scene).await;
    let rows = scene.ledger.rows();
    scene.timeline.heading("Expected and observed results");
    scene.timeline.text(&as_text(&rows));
    if args.json {
        println!("{}", as_json(&rows));
    }
    let differing = rows.iter().filter(|row| !row.ok).count();
    scene.timeline.text(&match differing {
        0 => format!("All {} as expected.", rows.len()),
        differing => format!("{differing} of {} NOT as expected.", rows.len()),
    });
    differing == 0
}
