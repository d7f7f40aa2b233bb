//! The deployed clients.

mod flows;
mod installation;
mod population;

pub(crate) use flows::Flows;
pub(crate) use installation::{Installation, Visit};
pub(crate) use population::Population;
