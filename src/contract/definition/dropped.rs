//! Promises of the old API that are deliberately no longer given.

use serde::Serialize;

use crate::{
    diagnostics::{Diagnostics, FaultCode},
    json::{ObjectReader, OrderedValue},
};

/// An operation, or a status of its responses, that the API documented before and no longer gives, and why.
///
/// It changes no response. `contract prove` (feature `openapi`) accepts the loss, and what is lost without being listed is a
/// finding.
///
/// ```
/// use legacy_http_compat::contract::{Contract, DroppedPromise};
///
/// let contract = Contract::builder()
///     .dropped(DroppedPromise::status("POST /orders", 402, "payment moved to another service"))
///     .dropped(DroppedPromise::operation("GET /orders/export", "no client has used it since 2024"))
///     .build()?;
/// assert_eq!(contract.dropped().len(), 2);
/// # Ok::<(), legacy_http_compat::contract::ContractError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[must_use]
pub struct DroppedPromise {
    pub(crate) operation: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) status: Option<i64>,
    pub(crate) reason: String,
}

impl DroppedPromise {
    /// A whole operation: its method and path, with or without the contract's base path.
    pub fn operation(operation: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            operation: operation.into(),
            status: None,
            reason: reason.into(),
        }
    }

    /// A status of an operation's responses.
    pub fn status(operation: impl Into<String>, status: u16, reason: impl Into<String>) -> Self {
        Self {
            status: Some(status.into()),
            ..Self::operation(operation, reason)
        }
    }

    pub(super) fn read(_index: usize, tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let mut reader = ObjectReader::new(tree, diagnostics);
        let operation = reader.required_string("operation");
        let status = reader.integer("status");
        let reason = reader.required_string("reason");
        reader.finish();
        // Stand in for a missing member, so that the rest can still be checked.
        Self {
            operation: operation.unwrap_or_else(|| "GET /".to_owned()),
            status,
            reason: reason.unwrap_or_else(|| "none".to_owned()),
        }
    }

    pub(in crate::contract) fn check(&self, diagnostics: &mut Diagnostics) {
        let parts = self.operation.split_once(' ');
        let is_operation = parts.is_some_and(|(method, path)| {
            method.bytes().all(|byte| byte.is_ascii_uppercase()) && path.starts_with('/')
        });
        if !is_operation {
            let expected = "a method and a path such as POST /orders/{id}";
            let code = FaultCode::InvalidValue;
            diagnostics.add_at("/operation", code, &self.operation, expected);
        }
        if let Some(status) = self.status.filter(|status| !(100..=599).contains(status)) {
            let expected = "a status from 100 to 599";
            let code = FaultCode::InvalidStatus;
            diagnostics.add_at("/status", code, status.to_string(), expected);
        }
        if self.reason.trim().is_empty() {
            let expected = "why it is no longer given";
            diagnostics.add_at("/reason", FaultCode::InvalidValue, &self.reason, expected);
        }
    }
}
