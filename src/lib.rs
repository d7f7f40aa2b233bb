//! Tower middleware for teams that change what their HTTP API answers.

pub mod caller;
pub mod census;
pub mod clock;
pub mod flag;
pub mod keeper;

#[doc(inline)]
pub use flag::{CompatFlag, FlagReader, FlagState};
