//! Contract and callers in one JSON document.

use std::{error::Error, fmt};

use serde::{Serialize, Serializer};

use crate::{
    caller::{InvalidDetector, SignalDetectorBuilder},
    contract::{Contract, ContractError},
    json::OrderedValue,
};

/// A contract and, in its section `callers`, how to recognise who calls.
///
/// The members beside `callers` are those of the [contract document](crate::contract#the-document). The key of the
/// fingerprints is never in a document; it is given when the detector is built.
///
/// ```
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
/// let flag = CompatFlag::new("features.jobs.compat", true);
/// let mut layer = LegacyHttpCompatLayer::new(document.contract().clone(), flag.reader());
/// if let Some(callers) = document.callers() {
///     layer = layer.detect(callers.build(&key)?);
/// }
/// # drop(layer);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Document {
    contract: Contract,
    callers: Option<SignalDetectorBuilder>,
}

/// Why a document was refused: all that is wrong with its contract and with its callers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentError {
    contract: Option<ContractError>,
    callers: Option<InvalidDetector>,
}

impl Document {
    /// A document of its two parts. What is wrong with `callers` is said when the detector is built.
    #[must_use]
    pub fn new(contract: Contract, callers: Option<SignalDetectorBuilder>) -> Self {
        Self { contract, callers }
    }

    /// Reads a document.
    ///
    /// # Errors
    ///
    /// All faults of both parts at once. Text that is not JSON is one fault of the contract.
    pub fn from_json(text: &str) -> Result<Self, DocumentError> {
        let Ok(mut tree) = serde_json::from_str::<OrderedValue>(text) else {
            let contract = Contract::from_json(text).err();
            return Err(DocumentError {
                contract,
                callers: None,
            });
        };
        let callers = tree.take_member("callers");
        let callers = callers
            .as_ref()
            .map(SignalDetectorBuilder::read)
            .transpose();
        match (Contract::from_tree(&tree), callers) {
            (Ok(contract), Ok(callers)) => Ok(Self { contract, callers }),
            (contract, callers) => Err(DocumentError {
                contract: contract.err(),
                callers: callers.err(),
            }),
        }
    }

    /// The contract.
    #[must_use]
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// How to recognise who calls, where the document says it.
    #[must_use]
    pub fn callers(&self) -> Option<&SignalDetectorBuilder> {
        self.callers.as_ref()
    }
}

impl Serialize for Document {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tree = self.contract.to_tree();
        if let (OrderedValue::Object(members), Some(callers)) = (&mut tree, &self.callers) {
            members.push(("callers".to_owned(), callers.write()));
        }
        tree.serialize(serializer)
    }
}

impl DocumentError {
    /// What is wrong with the contract.
    #[must_use]
    pub fn contract(&self) -> Option<&ContractError> {
        self.contract.as_ref()
    }

    /// What is wrong with the section `callers`; the places of the faults are within it.
    #[must_use]
    pub fn callers(&self) -> Option<&InvalidDetector> {
        self.callers.as_ref()
    }
}

impl fmt::Display for DocumentError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(contract) = &self.contract {
            write!(f, "{contract}")?;
        }
        if let Some(callers) = &self.callers {
            f.write_str(if self.contract.is_some() { "\n" } else { "" })?;
            f.write_str("the section callers has faults")?;
            callers
                .faults()
                .iter()
                .try_for_each(|fault| write!(f, "\n- {fault}"))?;
        }
        Ok(())
    }
}

impl Error for DocumentError {}
