//! The operators' room: the admin service over the rollout, and who comes in.

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::History,
    admin::{Admin, InvalidTokens, TokenDigest, Tokens},
    rollout::Rollout,
};

/// Where it is.
pub(crate) const ROOM: &str = "/rollout";

/// The tokens that let people in. What they do is journaled under the names `operator` and `viewer`.
pub(crate) struct Keys {
    pub(crate) operator: String,
    pub(crate) viewer: String,
}

impl Keys {
    /// The room that these tokens open.
    pub(crate) fn room(
        &self,
        rollout: Arc<Rollout>,
        history: Arc<History>,
    ) -> Result<Admin, InvalidTokens> {
        let tokens = Tokens::builder()
            .operator("operator", TokenDigest::of(&self.operator))
            .viewer("viewer", TokenDigest::of(&self.viewer))
            .build()?;
        Ok(Admin::builder(rollout, tokens).history(history).build())
    }
}
