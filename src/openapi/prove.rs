//! The proof as a call.

use super::{
    deep_stack::on_deep_stack, document::api_document::ApiDocument, proof::prover::Prover,
    report::ProofReport,
};
use crate::contract::Contract;

/// Proves that every response that NEW can give is one that OLD allows, as it is or as the contracts rewrite it.
///
/// ```
/// use legacy_http_compat::{Contract, openapi::{ApiDocument, Verdict, prove}};
///
/// let api = |state: &str| ApiDocument::from_text(&format!(r"
/// openapi: 3.1.0
/// info: {{title: Orders, version: '1'}}
/// paths:
///   /orders/{{id}}:
///     get:
///       responses:
///         '200':
///           description: the order
///           content:
///             application/json:
///               schema: {{type: object, required: [state], properties: {{state: {{enum: {state}}}}}}}
/// "));
/// let (old, new) = (api("[OPEN]")?, api("[OPEN, ARCHIVED]")?);
/// let report = prove(&old, &new, &[]);
/// assert_eq!(report.verdict, Verdict::Refuted);
///
/// let contract = Contract::from_json(r#"{"endpoints": [{
///   "name": "order", "method": "GET", "path": "/orders/{id}",
///   "outcomes": [{"name": "ARCHIVED", "status": 200, "fields": {"/state": "ARCHIVED"},
///                 "legacy": {"status": 200, "body": {"json": {"state": "OPEN"}}}}]
/// }]}"#)?;
/// assert_eq!(prove(&old, &new, &[contract]).verdict, Verdict::Proved);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Panics
///
/// If the system cannot start a thread.
#[must_use]
pub fn prove(old: &ApiDocument, new: &ApiDocument, contracts: &[Contract]) -> ProofReport {
    on_deep_stack(|| Prover::new(old, new).prove(contracts))
}
