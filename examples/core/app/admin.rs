//! The admin service of the rollout, and its tokens.

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::History,
    admin::{Admin, Role, SessionStore, TokenDigest, Tokens, TokensError},
    rollout::Rollout,
};

/// The path of the admin service.
pub(crate) const ADMIN_PATH: &str = "/rollout";

/// The tokens of the service, journaled under the names `operator`, `viewer` and `pipeline`.
pub(crate) struct AdminTokens {
    pub(crate) operator: String,
    pub(crate) viewer: String,
    /// Of the service that reports the checks.
    pub(crate) pipeline: Option<String>,
}

impl AdminTokens {
    /// The service that accepts these tokens, with the sessions of other instances if they share them.
    pub(crate) fn admin(
        &self,
        rollout: Arc<Rollout>,
        history: Arc<History>,
        sessions: Option<Arc<dyn SessionStore>>,
    ) -> Result<Admin, TokensError> {
        let mut tokens = Tokens::builder()
            .operator("operator", TokenDigest::of(&self.operator))
            .viewer("viewer", TokenDigest::of(&self.viewer));
        if let Some(pipeline) = &self.pipeline {
            tokens = tokens.service("pipeline", Role::Operator, TokenDigest::of(pipeline));
        }
        let mut admin = Admin::builder(rollout, tokens.build()?).history(history);
        if let Some(sessions) = sessions {
            admin = admin.sessions(sessions);
        }
        Ok(admin.build())
    }
}
