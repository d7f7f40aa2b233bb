//! Serves with a graceful shutdown.

use std::{future::pending, io, net::SocketAddr, time::Duration};

use axum::Router;
use tokio::{net::TcpListener, sync::oneshot, time::sleep};

/// How long requests in flight may take to finish after the shutdown begins.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// Serves `app` until `stop` completes, then lets the requests in flight finish.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let (draining, drain_started) = oneshot::channel();
    let stop = async move {
        stop.await;
        tracing::info!("draining");
        // Fails only if the server is gone already.
        let _ = draining.send(());
    };
    let service = app.into_make_service_with_connect_info::<SocketAddr>();
    let server = axum::serve(listener, service).with_graceful_shutdown(stop);
    tokio::select! {
        outcome = server.into_future() => outcome,
        () = drain_limit_passed(drain_started) => {
            tracing::warn!("requests in flight did not finish in time");
            Ok(())
        }
    }
}

async fn drain_limit_passed(drain_started: oneshot::Receiver<()>) {
    if drain_started.await.is_err() {
        pending::<()>().await;
    }
    sleep(DRAIN_LIMIT).await;
}
