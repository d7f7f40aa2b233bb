//! Without feature `postgres` each Core is alone.

use std::sync::Arc;

use legacy_http_compat::{
    admin::SessionStore, caller::FingerprintKey, migration::MigrationBuilder,
};

use crate::data::DataDir;

/// No arguments.
#[derive(clap::Args)]
pub(crate) struct StoreArgs {}

/// Nothing is shared.
pub(crate) struct Shared;

impl StoreArgs {
    #[expect(clippy::unused_self, reason = "with the feature, it has arguments")]
    pub(crate) fn open(&self, _: &DataDir) -> Result<Shared, String> {
        Ok(Shared)
    }
}

#[expect(clippy::unused_self, reason = "with the feature, it has a store")]
impl Shared {
    pub(crate) fn fingerprint_key(&self, data: &DataDir) -> Result<FingerprintKey, String> {
        data.fingerprint_key()
    }

    pub(crate) fn configure(&self, builder: MigrationBuilder) -> MigrationBuilder {
        builder
    }

    pub(crate) fn sessions(&self) -> Option<Arc<dyn SessionStore>> {
        None
    }
}
