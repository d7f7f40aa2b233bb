//! The contract itself, and a handle to the one in use, which can be replaced while serving.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::{
    compile::compiled_contract::CompiledContract,
    definition::{
        contract_definition::{Definition, Deprecation},
        dropped::DroppedPromise,
        endpoint::{Endpoint, Outcome},
    },
};
use crate::{
    diagnostics::{Diagnostics, fault_error},
    json::{OrderedValue, parse},
    sync::{ArcSwap, Cache},
};

/// What an API responds today and what it responded before. Always valid, and compiled.
///
/// Built in Rust:
///
/// ```
/// use legacy_http_compat::contract::{Contract, Endpoint, LegacyShape, Outcome};
///
/// let contract = Contract::builder()
///     .base_path("/api/v1")
///     .endpoint(
///         Endpoint::get("order", "/orders/{id}").outcome(
///             Outcome::new("ARCHIVED", 200)
///                 .field("/state", "ARCHIVED")
///                 .legacy(LegacyShape::new(404).json(serde_json::json!({"error": "not found"}))),
///         ),
///     )
///     .build()?;
/// # Ok::<(), legacy_http_compat::contract::ContractError>(())
/// ```
///
/// or read from an equivalent JSON document:
///
/// ```
/// # use legacy_http_compat::contract::Contract;
/// let contract = Contract::from_json(r#"{
///   "base_path": "/api/v1",
///   "endpoints": [{
///     "name": "order", "method": "GET", "path": "/orders/{id}",
///     "outcomes": [{
///       "name": "ARCHIVED", "status": 200, "fields": {"/state": "ARCHIVED"},
///       "legacy": {"status": 404, "body": {"json": {"error": "not found"}}}
///     }]
///   }]
/// }"#)?;
/// assert_eq!(contract.endpoints()[0].path(), "/orders/{id}");
/// # Ok::<(), legacy_http_compat::contract::ContractError>(())
/// ```
#[derive(Clone)]
pub struct Contract {
    compiled: Arc<CompiledContract>,
}

/// A shared handle to the contract in use.
///
/// ```
/// use legacy_http_compat::{Contract, LiveContract};
///
/// let live = LiveContract::new(Contract::device_flow());
/// // … LegacyHttpCompatLayer::new(live.clone(), &flag) …
/// live.replace(Contract::device_flow().with_base_path("/api/v2")?);
/// assert_eq!(live.current().base_path(), "/api/v2");
/// # Ok::<(), legacy_http_compat::contract::ContractError>(())
/// ```
#[derive(Clone)]
pub struct LiveContract {
    compiled: Arc<ArcSwap<CompiledContract>>,
}

/// Builder for [`Contract`].
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ContractBuilder {
    definition: Definition,
}

fault_error! {
    /// Why a contract was refused: all of its faults.
    ContractError
}

impl Contract {
    /// A builder without endpoints.
    pub fn builder() -> ContractBuilder {
        ContractBuilder::default()
    }

    /// The device flow under `/api/v1`: start, poll, cancel and token, which moved from error codes to `200` with a
    /// `status`.
    ///
    /// A worked example of a whole contract; its document is `src/contract/device_flow.json`. Old clients read a poll's
    /// status code: `401` keep polling, `403` denied, `400` expired. New ones read `200` and the `status` field.
    ///
    /// # Panics
    ///
    /// Never: the shipped document is valid, which a test of the crate ensures.
    #[must_use]
    pub fn device_flow() -> Self {
        Self::from_json(include_str!("device_flow.json")).expect("the shipped contract is valid")
    }

    /// Reads a contract document; the [module](super) shows its members.
    ///
    /// # Errors
    ///
    /// All faults of the document at once: those of its form first, then those of its meaning. Text that is not JSON is
    /// one fault, with its line and column.
    pub fn from_json(text: &str) -> Result<Self, ContractError> {
        Self::from_tree(&parse::<ContractError>(text)?)
    }

    /// This contract under another base path; an empty one for none.
    ///
    /// # Errors
    ///
    /// If the base path, or the endpoints' paths under it, are not in matchit syntax.
    pub fn with_base_path(&self, base_path: impl Into<String>) -> Result<Self, ContractError> {
        let definition = Definition {
            base_path: base_path.into(),
            ..self.compiled.definition.clone()
        };
        Self::build(definition)
    }

    /// This contract with another notice on rewritten responses; `None` for none.
    ///
    /// # Errors
    ///
    /// If a date or the link of the notice is invalid.
    pub fn with_deprecation(
        &self,
        deprecation: impl Into<Option<Deprecation>>,
    ) -> Result<Self, ContractError> {
        let deprecation = deprecation.into();
        let definition = Definition {
            deprecation,
            ..self.compiled.definition.clone()
        };
        Self::build(definition)
    }

    /// The path before those of all endpoints; empty for none.
    #[must_use]
    pub fn base_path(&self) -> &str {
        &self.compiled.definition.base_path
    }

    /// The endpoints in their order.
    pub fn endpoints(&self) -> &[Endpoint] {
        &self.compiled.definition.endpoints
    }

    /// The promises of the old API that are no longer given.
    pub fn dropped(&self) -> &[DroppedPromise] {
        &self.compiled.definition.dropped
    }

    pub(crate) fn into_compiled(self) -> Arc<CompiledContract> {
        self.compiled
    }

    pub(crate) fn of(compiled: Arc<CompiledContract>) -> Self {
        Self { compiled }
    }

    fn from_tree(tree: &OrderedValue) -> Result<Self, ContractError> {
        let mut diagnostics = Diagnostics::default();
        let contract = Self::read(tree, &mut diagnostics);
        diagnostics.into_result(contract)
    }

    fn build(definition: Definition) -> Result<Self, ContractError> {
        let mut diagnostics = Diagnostics::default();
        let compiled = CompiledContract::compile(definition, &mut diagnostics);
        diagnostics.into_result(Self::of(compiled.into()))
    }

    /// The contract of a document, valid only if no faults were added.
    pub(crate) fn read(tree: &OrderedValue, diagnostics: &mut Diagnostics) -> Self {
        let definition = Definition::read(tree, diagnostics);
        Self::of(CompiledContract::compile(definition, diagnostics).into())
    }
}

impl ContractBuilder {
    /// The path before those of all endpoints.
    pub fn base_path(mut self, path: impl Into<String>) -> Self {
        self.definition.base_path = path.into();
        self
    }

    /// The notice on rewritten responses.
    pub fn deprecation(mut self, deprecation: Deprecation) -> Self {
        self.definition.deprecation = Some(deprecation);
        self
    }

    /// Adds an outcome for the endpoints that [refer to it](Endpoint::shared_outcome) by its name.
    ///
    /// ```
    /// use legacy_http_compat::contract::{Contract, Endpoint, LegacyShape, Outcome};
    ///
    /// let gone = Outcome::new("GONE", 410).legacy(LegacyShape::new(404));
    /// let contract = Contract::builder()
    ///     .outcome(gone)
    ///     .endpoint(Endpoint::get("order", "/orders/{id}").shared_outcome("GONE"))
    ///     .endpoint(Endpoint::get("invoice", "/invoices/{id}").shared_outcome("GONE"))
    ///     .build()?;
    /// assert!(contract.endpoints()[1].outcomes()[0].statuses().contains(410));
    /// # Ok::<(), legacy_http_compat::contract::ContractError>(())
    /// ```
    pub fn outcome(mut self, outcome: Outcome) -> Self {
        self.definition.outcomes.push(outcome);
        self
    }

    /// Adds an endpoint.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.definition.endpoints.push(endpoint);
        self
    }

    /// Adds a promise of the old API that is no longer given.
    pub fn dropped(mut self, promise: DroppedPromise) -> Self {
        self.definition.dropped.push(promise);
        self
    }

    /// Checks and compiles the contract.
    ///
    /// # Errors
    ///
    /// All faults of the contract at once.
    pub fn build(self) -> Result<Contract, ContractError> {
        Contract::build(self.definition)
    }
}

impl LiveContract {
    /// A handle to a contract; [`Contract`] also converts with `into()`.
    #[must_use]
    pub fn new(contract: Contract) -> Self {
        contract.into()
    }

    /// Replaces the contract for all requests from now on. Requests in flight are served to their end by the contract
    /// that they found.
    pub fn replace(&self, contract: Contract) {
        self.compiled.store(contract.into_compiled());
    }

    /// The contract for the next request.
    #[must_use]
    pub fn current(&self) -> Contract {
        Contract::of(self.compiled.load_full())
    }

    pub(crate) fn cached(&self) -> CompiledCache {
        Cache::new(Arc::clone(&self.compiled))
    }
}

impl PartialEq for Contract {
    /// Whether both have the same content, in the same order.
    fn eq(&self, other: &Self) -> bool {
        let document = |contract: &Self| serde_json::to_string(contract).ok();
        Arc::ptr_eq(&self.compiled, &other.compiled) || document(self) == document(other)
    }
}

impl fmt::Debug for Contract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.endpoints().iter().map(Endpoint::name).collect();
        f.debug_struct("Contract")
            .field("base_path", &self.base_path())
            .field("endpoints", &names)
            .finish()
    }
}

impl Serialize for Contract {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.compiled.definition.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Contract {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let tree = OrderedValue::deserialize(deserializer)?;
        Self::from_tree(&tree).map_err(D::Error::custom)
    }
}

/// The contract as one service last saw it. Checking that it is still the one in use costs a single atomic load.
pub(crate) type CompiledCache = Cache<Arc<ArcSwap<CompiledContract>>, Arc<CompiledContract>>;

impl From<Contract> for LiveContract {
    fn from(contract: Contract) -> Self {
        Self {
            compiled: Arc::new(ArcSwap::new(contract.into_compiled())),
        }
    }
}

impl fmt::Debug for LiveContract {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LiveContract")
            .field(&self.current())
            .finish()
    }
}
