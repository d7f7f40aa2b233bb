//! Assertions for the tests of applications.

use crate::{
    contract::Contract,
    openapi::{ApiDocument, Verdict, prove},
};

/// Asserts that old clients get only responses that their document allows: every response that NEW can give is one that OLD
/// allows, as it is or as the contract rewrites it. The same as `contract prove` in a test.
///
/// ```no_run
/// use std::path::Path;
/// use legacy_http_compat::{Contract, openapi::ApiDocument, testing::assert_conforms};
///
/// # fn test() -> Result<(), Box<dyn std::error::Error>> {
/// let contract = Contract::from_json(&std::fs::read_to_string("orders.json")?)?;
/// let old = ApiDocument::read(Path::new("openapi/v1.yaml"), None)?;
/// let new = ApiDocument::read(Path::new("openapi/v2.yaml"), None)?;
/// assert_conforms(&contract, &old, &new);
/// # Ok(())
/// # }
/// ```
///
/// # Panics
///
/// Unless it is proved; the message is the report, with an example of each refutation.
#[track_caller]
pub fn assert_conforms(contract: &Contract, old: &ApiDocument, new: &ApiDocument) {
    let report = prove(old, new, std::slice::from_ref(contract));
    assert!(report.verdict == Verdict::Proved, "{report}");
}
