//! Who moves the rollout: commands, their refusals, the periodic work and what is shown.

mod budget;
mod builder;
mod desk;
mod digest;
mod facts;
mod guard;
mod open_error;
mod order;
mod parts;
mod refusal;
mod refusing;
mod rollback;
mod rollout;
mod showing;
mod signs;
mod status;
#[cfg(test)]
mod tests;
mod ticking;
mod transition;

pub use builder::RolloutBuilder;
pub use open_error::{OpenRolloutError, OpenRolloutErrorKind};
pub use order::CommandContext;
pub use refusal::{Refusal, RefusalKind};
pub use rollback::RolledBack;
pub use rollout::Rollout;
pub use status::RolloutStatus;
pub use transition::DryRun;
