//! Tower middleware for teams that change what their HTTP API answers.

pub mod caller;
pub mod flag;

#[doc(inline)]
pub use flag::{CompatFlag, FlagReader, FlagState};
