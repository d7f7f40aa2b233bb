//! The admin service of the rollout, and its tokens.

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::History,
    admin::{Admin, TokenDigest, Tokens, TokensError},
    rollout::Rollout,
};

/// The path of the admin service.
pub(crate) const ADMIN_PATH: &str = "/rollout";

/// The tokens of the service, journaled under the names `operator` and `viewer`.
pub(crate) struct AdminTokens {
    pub(crate) operator: String,
    pub(crate) viewer: String,
}

impl AdminTokens {
    /// The service that accepts these tokens.
    pub(crate) fn admin(
        &self,
        rollout: Arc<Rollout>,
        history: Arc<History>,
    ) -> Result<Admin, TokensError> {
        let tokens = Tokens::builder()
            .operator("operator", TokenDigest::of(&self.operator))
            .viewer("viewer", TokenDigest::of(&self.viewer))
            .build()?;
        Ok(Admin::builder(rollout, tokens).history(history).build())
    }
}
