//! Work that waits for a disk, or looks at all callers.

use tokio::task::spawn_blocking;

use super::problem::{Problem, ProblemKind};

/// Does work on a thread that may block.
pub(crate) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, Problem> {
    spawn_blocking(work).await.map_err(|error| {
        tracing::error!(%error, "a request was not carried out");
        Problem::new(
            ProblemKind::Internal,
            "It was not carried out. The log says why.",
        )
    })
}
