//! Putting a refused access on record.

use std::sync::Arc;

use tokio::task::spawn_blocking;

use crate::{
    admin::shared::Shared,
    rollout::{
        CommandContext,
        names::{Actor, Reason},
    },
};

/// What was tried with a token that is none of ours.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tried {
    Request,
    SignIn,
}

/// Journals that an access was refused, as far as the rollout has room for it. Neither the token nor the address is part of
/// it, nor anything else that the peer has chosen.
pub(super) async fn record(shared: &Arc<Shared>, tried: Tried) {
    let cause = match tried {
        Tried::Request => "a request came with a token that is not known",
        Tried::SignIn => "somebody tried to sign in with a token that is not known",
    };
    tracing::warn!(cause, "an access was refused");
    let rollout = Arc::clone(&shared.rollout);
    let journaled = spawn_blocking(move || {
        let text = |text| Reason::new(text).expect("a short sentence is a reason");
        let actor = Actor::system("admin").expect("a short word is an id");
        let order = CommandContext::new(actor, text("nobody comes in without a token"));
        rollout.access_refused(text(cause), &order)
    });
    if let Ok(Err(error)) = journaled.await {
        tracing::error!(%error, "a refused access could not be journaled");
    }
}
