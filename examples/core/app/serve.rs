//! Serving until told to stop.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot, time::sleep};

/// How long requests in flight may take to finish once the server is told to stop.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Serves `app` until `stop` completes, then lets the requests in flight finish.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (told, was_told) = oneshot::channel();
    let stop = async move {
        stop.await;
        tracing::info!("draining");
        // The other end is gone only where the server is.
        let _ = told.send(());
    };
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop);
    tokio::select! {
        outcome = server.into_future() => outcome,
        () = overdue(was_told) => {
            tracing::warn!("requests in flight did not finish in time");
            Ok(())
        }
    }
}

async fn overdue(was_told: oneshot::Receiver<()>) {
    if was_told.await.is_err() {
        pending::<()>().await;
    }
    sleep(DRAIN_LIMIT).await;
}
