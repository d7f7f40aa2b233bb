//! One flag of a provider of `open-feature`.

use std::time::Duration;

use legacy_http_compat::flag::FlagSource;
use open_feature::Client;
use tokio::{runtime::Handle, time::timeout};

pub(crate) struct OpenFeatureFlag {
    pub(crate) key: &'static str,
    pub(crate) client: Client,
    pub(crate) runtime: Handle,
}

impl FlagSource for OpenFeatureFlag {
    fn poll(&self) -> Option<bool> {
        let value = self.client.get_bool_value(self.key, None, None);
        let in_time = async { timeout(Duration::from_secs(1), value).await };
        // The thread of the worker is none of the runtime's, so it may block.
        self.runtime.block_on(in_time).ok()?.ok()
    }
}
