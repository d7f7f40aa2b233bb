//! Serves with limits on slow clients and a graceful shutdown.

use std::{
    future::pending,
    io,
    net::SocketAddr,
    pin::pin,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use axum::{Router, body::Body, extract::ConnectInfo, http::Request};
use hyper::body::Incoming;
use hyper_util::{
    rt::{TokioExecutor, TokioIo, TokioTimer},
    server::{conn::auto::Builder, graceful::GracefulShutdown},
};
use tokio::{
    net::{TcpListener, TcpStream},
    time::sleep,
};
use tower::ServiceExt as _;
use tower_http::timeout::DeadlineBody;

/// How long requests in flight may take to finish after the shutdown begins.
const DRAIN_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take to send the head of a request, from the connection or the request before it on.
const HEAD_LIMIT: Duration = Duration::from_secs(10);

/// How long a client may take to send the body of a request.
const BODY_LIMIT: Duration = Duration::from_secs(30);

/// How long to wait when there are too many open files for another connection.
const RETRY_ACCEPT: Duration = Duration::from_millis(200);

/// Serves `app` until `stop` completes, then lets the requests in flight finish.
pub(crate) async fn serve(
    listener: TcpListener,
    app: Router,
    stop: impl Future<Output = ()> + Send + 'static,
) -> io::Result<()> {
    let open = GracefulShutdown::new();
    let mut stop = pin!(stop);
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => drop(tokio::spawn(connection(stream, peer, app.clone(), open.watcher()))),
                Err(error) => {
                    tracing::warn!(%error, "no connection was accepted");
                    sleep(RETRY_ACCEPT).await;
                }
            },
            () = &mut stop => break,
        }
    }
    drop(listener);
    tracing::info!("draining");
    tokio::select! {
        () = open.shutdown() => {}
        () = sleep(DRAIN_LIMIT) => tracing::warn!("requests in flight did not finish in time"),
    }
    Ok(())
}

/// Serves one connection. HTTP/1 has a limit for each head; before the protocol is known, and on HTTP/2, the first one counts.
async fn connection(
    stream: TcpStream,
    peer: SocketAddr,
    app: Router,
    watcher: hyper_util::server::graceful::Watcher,
) {
    let requested = Arc::new(AtomicBool::new(false));
    let noted = Arc::clone(&requested);
    let service = hyper::service::service_fn(move |request: Request<Incoming>| {
        // Only whether there was a request counts, not what happened before it.
        noted.store(true, Ordering::Relaxed);
        let mut request = request.map(|body| Body::new(DeadlineBody::new(BODY_LIMIT, body)));
        request.extensions_mut().insert(ConnectInfo(peer));
        app.clone().oneshot(request)
    });
    let mut builder = Builder::new(TokioExecutor::new());
    builder
        .http1()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_LIMIT);
    builder.http2().timer(TokioTimer::new());
    let serving = builder.serve_connection_with_upgrades(TokioIo::new(stream), service);
    let idle = async {
        sleep(HEAD_LIMIT).await;
        if requested.load(Ordering::Relaxed) {
            pending::<()>().await;
        }
    };
    tokio::select! {
        ended = watcher.watch(serving.into_owned()) => if let Err(error) = ended {
            tracing::debug!(%error, "a connection broke");
        },
        () = idle => tracing::debug!("a connection without a request was closed"),
    }
}
