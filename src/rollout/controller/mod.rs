//! The rollout itself: commands, refusals, periodic work and status.

mod brownout_watch;
mod brownouts;
mod builder;
mod command;
mod commands;
mod contract_set;
mod controller_state;
mod deps;
mod evaluation;
mod follower;
mod journaling;
mod membership;
mod metrics_source;
mod propagation;
mod provisional;
mod rollback;
mod rollout;
mod shared_evaluation;
#[cfg(test)]
mod tests;
mod transition;

pub use builder::{OpenRolloutError, OpenRolloutErrorKind, RolloutBuilder};
pub use command::CommandContext;
pub use command::{Refusal, RefusalKind};
pub use follower::JournalFollower;
pub use rollback::RolledBack;
pub use rollout::Rollout;
pub use transition::DryRun;
