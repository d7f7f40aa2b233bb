//! Telling contracts apart.

use std::fmt::Write as _;

use sha2::{Digest as _, Sha256};

use crate::{contract::Contract, rollout::texts::ContractDigest};

impl ContractDigest {
    /// The SHA-256 of a contract as a JSON document.
    ///
    /// ```
    /// use legacy_http_compat::{Contract, rollout::ContractDigest};
    ///
    /// let contract = Contract::device_flow();
    /// let moved = contract.with_base_path("/api/v2")?;
    /// assert_eq!(ContractDigest::of(&contract), ContractDigest::of(&Contract::device_flow()));
    /// assert_ne!(ContractDigest::of(&contract), ContractDigest::of(&moved));
    /// # Ok::<(), legacy_http_compat::contract::ContractError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Never: a contract is written as JSON.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let document = serde_json::to_vec(contract).expect("a contract is written as JSON");
        let mut hex = String::new();
        for byte in Sha256::digest(document) {
            write!(hex, "{byte:02x}").expect("a string takes every text");
        }
        Self::new(hex).expect("a SHA-256 has 64 hexadecimal digits")
    }
}
