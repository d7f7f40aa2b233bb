//! The contract of an OAuth-like device flow that moved from error codes to `200` with a `status`.

use super::contract::Contract;

const DOCUMENT: &str = include_str!("device_flow.json");

impl Contract {
    /// The device flow under `/api/v1`: start, poll, cancel and token.
    ///
    /// A worked example of a whole contract; its document is `src/contract/device_flow.json`. Old clients read a poll's
    /// status code: `401` keep polling, `403` denied, `400` expired. New ones read `200` and look at the `status` field.
    ///
    /// # Panics
    ///
    /// Never: the shipped document is valid, which a test of the crate holds.
    #[must_use]
    pub fn device_flow() -> Self {
        Self::from_json(DOCUMENT).expect("the shipped contract is valid")
    }
}
