//! The steps of the rehearsal: what operator and clients do, and the results read back.

mod compat;
mod cutover;
mod incident;
mod observe;
mod quiet;
mod reading;
mod retirement;
mod scene;
mod second;
mod upgrade;
mod visible;

pub(crate) use scene::{Scene, Stop};

/// Runs all steps, up to the retirement of the flag.
pub(crate) async fn play(scene: &mut Scene) -> Result<(), Stop> {
    observe::act(scene).await;
    let expiring = compat::act(scene).await?;
    upgrade::act(scene, expiring).await;
    quiet::act(scene).await?;
    cutover::act(scene).await?;
    incident::act(scene).await?;
    second::act(scene).await?;
    retirement::act(scene).await
}

/// Checks what must be visible during the rollout.
pub(crate) async fn look_back(scene: &mut Scene) {
    visible::act(scene).await;
}
