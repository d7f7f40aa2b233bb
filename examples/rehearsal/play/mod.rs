//! The play: what operator and clients do, act by act, and what is read back of it.

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

/// From the first look to the end of the switch.
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

/// What must be visible all along.
pub(crate) async fn look_back(scene: &mut Scene) {
    visible::act(scene).await;
}
