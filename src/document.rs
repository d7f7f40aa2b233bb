//! A contract and its callers in one JSON document.

use serde::Serialize;

use crate::{
    caller::SignalDetectorBuilder,
    contract::Contract,
    diagnostics::{Diagnostics, fault_error},
    json::parse,
};

/// A contract and, in its section `callers`, how to identify callers.
///
/// The members beside `callers` are those of the [contract document](crate::contract#the-document). The key of the
/// fingerprints is never in a document; it is passed when the detector is built.
///
/// ```
/// use std::sync::Arc;
/// use legacy_http_compat::{CompatFlag, LegacyHttpCompatLayer};
/// use legacy_http_compat::{caller::FingerprintKey, document::Document};
///
/// let document = Document::from_json(r#"{
///   "endpoints": [
///     {"name": "job", "method": "GET", "path": "/jobs/{id}", "outcomes": [
///       {"name": "FAILED", "status": 200, "fields": {"/state": "FAILED"}, "legacy": {"status": 500}}
///     ]}
///   ],
///   "callers": {
///     "kinds": ["WORKER", "CONSOLE"],
///     "kind_from": [{"products": {"acme-worker": "WORKER", "acme-console": "CONSOLE"}}],
///     "target_since": {"WORKER": "3.0.0", "CONSOLE": "1.8.0"},
///     "identity": [{"header": "X-Installation"}]
///   }
/// }"#)?;
///
/// let key = FingerprintKey::new([7; 16]); // from a secret store
/// let flag = CompatFlag::on("features.jobs.compat");
/// let mut layer = LegacyHttpCompatLayer::new(document.contract().clone(), &flag);
/// if let Some(callers) = document.callers() {
///     layer = layer.detector(Arc::new(callers.build(&key)?));
/// }
/// # drop(layer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Document {
    #[serde(flatten)]
    contract: Contract,
    #[serde(skip_serializing_if = "Option::is_none")]
    callers: Option<SignalDetectorBuilder>,
}

fault_error! {
    /// Why a document was refused: the faults of its contract, then those of its section `callers`, whose places start with
    /// `/callers`.
    DocumentError
}

impl Document {
    /// A document from its two parts. Faults of `callers` are reported when the detector is built.
    #[must_use]
    pub fn new(contract: Contract, callers: Option<SignalDetectorBuilder>) -> Self {
        Self { contract, callers }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// All faults of both parts at once. Text that is not JSON is one fault.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let mut tree = parse::<DocumentError>(text)?;
        let callers = tree.take_member("callers");
        let mut diagnostics = Diagnostics::default();
        let contract = Contract::read(&tree, &mut diagnostics);
        let callers = callers.map(|tree| {
            diagnostics.at("callers", |diagnostics| {
                SignalDetectorBuilder::read(&tree, diagnostics)
            })
        });
        diagnostics.into_result(Self { contract, callers })
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How to identify callers, if the document has the section.
    #[must_use]
    pub fn callers(&self) -> Option<&SignalDetectorBuilder> {
        self.callers.as_ref()
    }
}
