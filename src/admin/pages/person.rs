//! Who did something, as a sentence begins with it.

use crate::rollout::names::{Actor, ActorKind};

/// `mara`, `the service ci`, `the rollout (guard)`.
pub(crate) fn person(actor: &Actor) -> String {
    let id = actor.id();
    match actor.kind() {
        ActorKind::Human => id.to_string(),
        ActorKind::Service => format!("the service {id}"),
        ActorKind::System => format!("the rollout ({id})"),
    }
}
