//! The command line.

use clap::{Parser, ValueEnum, value_parser};

/// Runs the whole rollout plan of the device flow: a Core, its clients, its operator, and a fast clock.
///
/// Prints a table of expected and observed results, and exits with 1 if any differ.
#[derive(Parser)]
#[command(name = "rehearsal")]
pub(crate) struct Args {
    /// Run slowly enough to watch in the dashboard: half an hour of the rollout per second
    #[arg(long, conflicts_with = "pace")]
    slow: bool,

    /// Rollout minutes per second [default: 360]
    #[arg(long, value_name = "MINUTES", value_parser = value_parser!(u32).range(1..=1_440))]
    pace: Option<u32>,

    /// Print only the table to standard output, as JSON; the timeline goes to standard error
    #[arg(long)]
    pub(crate) json: bool,

    /// Deviate from the plan in one point, to check that it is detected
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) r#break: Option<Break>,
}

/// A deviation from the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Break {
    /// Compat is never enabled
    Compat,
    /// No device is ever denied
    Denied,
    /// One AGENT is not upgraded
    Upgrade,
    /// The post-analysis is filed too early
    Analysis,
}

const PACE: u32 = 360;
const SLOW_PACE: u32 = 30;

impl Args {
    /// The speed of the rollout's clock, in multiples of real time.
    pub(crate) fn factor(&self) -> u32 {
        let pace = if self.slow { SLOW_PACE } else { PACE };
        self.pace.unwrap_or(pace) * 60
    }
}
