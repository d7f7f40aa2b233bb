//! The contract in use, which can be replaced while serving.

use std::{fmt, sync::Arc};

use arc_swap::{ArcSwap, Cache};

use super::{compile::compiled_contract::CompiledContract, contract::Contract};

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
