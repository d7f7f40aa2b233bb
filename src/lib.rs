//! Tower middleware for teams that change what their HTTP API answers.

pub mod caller;
pub mod contract;
pub mod flag;
mod json;
pub mod middleware;
pub mod observation;

#[doc(inline)]
pub use contract::{Contract, LiveContract};
#[doc(inline)]
pub use flag::{CompatFlag, FlagReader, FlagState};
#[doc(inline)]
pub use middleware::{LegacyHttpCompat, LegacyHttpCompatLayer};
