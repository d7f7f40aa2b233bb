//! Behind a reverse proxy whose upstream breaks off or stalls: what the client gets is what it gets without the layer.

use std::{net::SocketAddr, time::Duration};

use bytes::Bytes;
use http::{Request, Response, Version};
use http_body_util::{BodyExt as _, Full};
use hyper::body::Incoming;
use hyper_util::rt::{TokioExecutor, TokioIo};
use legacy_http_compat::observation::{Shape, SkipReason};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tower::{Layer as _, service_fn};

use super::{Compat, device_flow, listener, served_by_hyper};
use crate::observed::Seen;

const VERSIONS: [Version; 2] = [Version::HTTP_11, Version::HTTP_2];

/// Decided by its beginning.
const APPROVED: &str = r#"{"status":"APPROVED","secret_key":"s3cr3t"}"#;
/// Decided only by its end.
const UNDECIDED: &str = r#"{"secret_key":"s3cr3t","state":"APPROVED"}"#;

/// How an upstream goes on after the body.
#[derive(Clone, Copy, Debug)]
enum End {
    /// Closes a chunked body without the last chunk.
    NoLastChunk,
    /// Closes before the announced length.
    TooShort,
    /// Keeps the connection open and sends nothing more.
    Stall,
}

/// Sends a head and `body` to every request, and ends like this.
async fn upstream(content_type: &'static str, body: &'static str, end: End) -> SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            tokio::spawn(async move {
                let mut request = [0; 1024];
                let read = stream.read(&mut request).await.unwrap();
                assert_ne!(read, 0, "a request");
                let sent = match end {
                    End::TooShort => format!("content-length: 4096\r\n\r\n{body}"),
                    End::NoLastChunk | End::Stall => {
                        let length = body.len();
                        format!("transfer-encoding: chunked\r\n\r\n{length:x}\r\n{body}\r\n")
                    }
                };
                let head = format!("HTTP/1.1 200 OK\r\ncontent-type: {content_type}\r\n");
                stream.write_all((head + &sent).as_bytes()).await.unwrap();
                match end {
                    // Until the proxy closes the connection.
                    End::Stall => drop(stream.read(&mut request).await),
                    // What was sent has been forwarded by then, where nothing holds it back.
                    End::NoLastChunk | End::TooShort => {
                        tokio::time::sleep(Duration::from_millis(50)).await;
                    }
                }
            });
        }
    });
    address
}

async fn fetch(upstream: SocketAddr, path: &str) -> hyper::Result<Response<Incoming>> {
    let io = TokioIo::new(TcpStream::connect(upstream).await.unwrap());
    let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await?;
    tokio::spawn(connection);
    let request = Request::post(path).body(Full::<Bytes>::default()).unwrap();
    sender.send_request(request).await
}

/// A reverse proxy before `upstream`, with the layer or without it.
async fn proxy(upstream: SocketAddr, compat: Option<&Compat>) -> SocketAddr {
    let forward = service_fn(move |request: Request<Incoming>| async move {
        fetch(upstream, request.uri().path()).await
    });
    match compat {
        Some(compat) => served_by_hyper(compat.layer.layer(forward)).await,
        None => served_by_hyper(forward).await,
    }
}

/// One poll on a connection of its own.
async fn poll(proxy: SocketAddr, version: Version) -> Response<Incoming> {
    let io = TokioIo::new(TcpStream::connect(proxy).await.unwrap());
    let request = Request::post(format!("http://{proxy}/api/v1/auth/clients/device/poll"))
        .body(Full::<Bytes>::default())
        .unwrap();
    if version == Version::HTTP_2 {
        let client = hyper::client::conn::http2::handshake(TokioExecutor::new(), io);
        let (mut sender, connection) = client.await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    } else {
        let (mut sender, connection) = hyper::client::conn::http1::handshake(io).await.unwrap();
        tokio::spawn(connection);
        sender.send_request(request).await.unwrap()
    }
}

/// The status, the data that came, and whether the body ended in an error.
async fn seen(proxy: SocketAddr, version: Version) -> (u16, Vec<u8>, bool) {
    let mut response = poll(proxy, version).await;
    let mut data = Vec::new();
    while let Some(frame) = response.frame().await {
        match frame {
            Ok(frame) => data.extend_from_slice(&frame.into_data().unwrap_or_default()),
            Err(_) => return (response.status().as_u16(), data, true),
        }
    }
    (response.status().as_u16(), data, false)
}

#[tokio::test]
async fn a_body_that_breaks_off_reaches_the_client_as_without_the_layer() {
    for version in VERSIONS {
        for end in [End::NoLastChunk, End::TooShort] {
            for body in [APPROVED, UNDECIDED] {
                let upstream = upstream("application/json", body, end).await;
                let bare = seen(proxy(upstream, None).await, version).await;
                assert_eq!(bare, (200, body.as_bytes().to_vec(), true));
                let compat = device_flow();
                let layered = proxy(upstream, Some(&compat)).await;
                for active in [true, false] {
                    compat.flag.set(active);
                    let polls: Vec<_> = (0..30)
                        .map(|_| tokio::spawn(seen(layered, version)))
                        .collect();
                    for poll in polls {
                        let case = format!("{version:?} {end:?} {body} {active}");
                        assert_eq!(poll.await.expect(&case), bare, "{case}");
                    }
                }
            }
        }
    }
}

/// The first data of a body that goes on stalling, and what was observed.
async fn released(content_type: &'static str, body: &'static str, compat: &Compat) -> [Vec<u8>; 2] {
    let upstream = upstream(content_type, body, End::Stall).await;
    let proxy = proxy(upstream, Some(compat)).await;
    let mut data = Vec::new();
    for version in VERSIONS {
        let mut response = poll(proxy, version).await;
        assert_eq!(response.status(), 200);
        let frame = response.frame().await.unwrap().unwrap();
        data.push(frame.into_data().unwrap().to_vec());
    }
    data.try_into().unwrap()
}

#[tokio::test]
async fn a_response_that_is_decided_leaves_while_its_body_stalls() {
    const PENDING: &str = r#"{"status":"PENDING","intervals":["#;
    for (body, active, outcome) in [
        (r#"{"status":"APPROVED","secret_key":"#, true, "APPROVED"),
        (r#"{"status":"NEW","more":["#, true, "other"),
        (PENDING, false, "PENDING"),
    ] {
        let mut compat = device_flow();
        compat.flag.set(active);
        // Nothing here waits for it.
        compat.layer = compat.layer.peek_timeout(Duration::from_secs(86_400));
        let data = released("application/json", body, &compat).await;
        assert_eq!(data, [body.as_bytes(); 2]);
        let seen = compat.notes.all();
        assert_eq!(seen.len(), 2);
        for seen in seen {
            assert_eq!((&*seen.outcome, seen.undetermined), (outcome, None));
            assert_eq!(seen.stranded, !active, "{outcome}");
        }
    }
}

#[tokio::test]
async fn a_response_that_is_not_decided_leaves_when_its_time_is_over() {
    let reason = Some(SkipReason::BodySlow);
    for (body, outcome, undetermined) in [
        (r#"{"secret_key":"#, "undetermined", reason),
        (r#"{"status":"PENDING","inter"#, "PENDING", None),
    ] {
        let mut compat = device_flow();
        compat.layer = compat.layer.peek_timeout(Duration::from_millis(20));
        let data = released("application/json", body, &compat).await;
        assert_eq!(data, [body.as_bytes(); 2]);
        for seen in compat.notes.all() {
            let expected = (outcome, undetermined, reason, Shape::Target, true);
            let Seen {
                outcome,
                undetermined,
                skip,
                shape,
                stranded,
                ..
            } = seen;
            assert_eq!((&*outcome, undetermined, skip, shape, stranded), expected);
        }
    }
}

#[tokio::test]
async fn a_stream_of_json_leaves_at_once() {
    for content_type in [
        "application/stream+json",
        "application/x-ndjson",
        "application/json-seq",
    ] {
        let mut compat = device_flow();
        compat.layer = compat.layer.peek_timeout(Duration::from_secs(86_400));
        let data = released(content_type, "{\"a\":1}\n", &compat).await;
        assert_eq!(data, [b"{\"a\":1}\n"; 2]);
    }
}
