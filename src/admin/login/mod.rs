//! Who sends a request, and how a browser signs in and out.

mod authenticate;
mod guards;
mod sign_in;

pub(super) use authenticate::authenticate;
pub(super) use guards::{PageOperator, PageViewer};
pub(super) use sign_in::router;
