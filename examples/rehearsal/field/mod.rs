//! The clients out there.

mod fleet;
mod flows;
mod installation;

pub(crate) use fleet::Fleet;
pub(crate) use flows::Flows;
pub(crate) use installation::{Installation, Visit};
