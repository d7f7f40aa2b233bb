//! The command line.

use clap::{Parser, ValueEnum, value_parser};

/// Plays the whole rollout plan of the device flow: a Core, its clients, its operator, and a clock that runs fast.
///
/// Ends with a table of what the plan promises and what was seen, and with 1 if anything differs.
#[derive(Parser)]
#[command(name = "rehearsal")]
pub(crate) struct Args {
    /// Leave time to watch it in the dashboard: half an hour of the rollout in a second
    #[arg(long, conflicts_with = "pace")]
    slow: bool,

    /// Rollout minutes that pass in a second [default: 360]
    #[arg(long, value_name = "MINUTES", value_parser = value_parser!(u32).range(1..=1_440))]
    pace: Option<u32>,

    /// Print the table alone on standard output, as JSON; the timeline goes to standard error
    #[arg(long)]
    pub(crate) json: bool,

    /// Do one thing otherwise than the plan says, to see that it is noticed
    #[arg(long, value_name = "WHAT", value_enum)]
    pub(crate) r#break: Option<Break>,
}

/// What can be done otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Break {
    /// Nobody switches compat on
    Compat,
    /// No human ever denies a device
    Denied,
    /// One AGENT is not upgraded
    Upgrade,
    /// The post-analysis is filed before anybody asks for it
    Analysis,
}

const PACE: u32 = 360;
const SLOW_PACE: u32 = 30;

impl Args {
    /// How many times as fast as real time the rollout's clock runs.
    pub(crate) fn factor(&self) -> u32 {
        let pace = if self.slow { SLOW_PACE } else { PACE };
        self.pace.unwrap_or(pace) * 60
    }
}
