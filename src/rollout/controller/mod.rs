//! The rollout itself: commands, refusals, periodic work and status.

mod auto_rollback;
mod builder;
mod command_context;
mod commands;
mod controller_state;
mod deps;
mod metrics_source;
mod record_refusal;
mod refusal;
mod rollback;
mod rollout;
mod status;
#[cfg(test)]
mod tests;
mod tick;
mod transition;

pub use builder::{OpenRolloutError, OpenRolloutErrorKind, RolloutBuilder};
pub use command_context::CommandContext;
pub use refusal::{Refusal, RefusalKind};
pub use rollback::RolledBack;
pub use rollout::Rollout;
pub use status::RolloutStatus;
pub use transition::DryRun;
