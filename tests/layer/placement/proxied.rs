//! The layer in a reverse proxy, whose responses bring along what hyper's client read of them.

use std::net::SocketAddr;

use http::{Request, Response};
use hyper::{body::Incoming, client::conn::http1};
use hyper_util::rt::TokioIo;
use legacy_http_compat::Contract;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
};
use tower::{BoxError, ServiceBuilder, service_fn};

use super::{compat, listener, served_by_hyper};

const CONTRACT: &str = r#"{"endpoints": [{"name": "poll", "method": "GET", "path": "/poll", "outcomes": [
  {"name": "FINE", "status": 200, "legacy": {"status": 401, "set_headers": {"www-authenticate": "Bearer"}}}
]}]}"#;

/// A server that says `200 Everything is fine`.
async fn upstream() -> SocketAddr {
    let (listener, address) = listener().await;
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let response = b"HTTP/1.1 200 Everything is fine\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}";
            let _request = stream.read(&mut [0; 1024]).await.unwrap();
            stream.write_all(response).await.unwrap();
        }
    });
    address
}

async fn forward(
    request: Request<Incoming>,
    to: SocketAddr,
) -> Result<Response<Incoming>, BoxError> {
    let stream = TcpStream::connect(to).await?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    Ok(sender.send_request(request).await?)
}

/// The first line of the response to a `GET`.
async fn status_line(server: SocketAddr) -> String {
    let mut stream = TcpStream::connect(server).await.unwrap();
    let request = b"GET /poll HTTP/1.1\r\nhost: core\r\nconnection: close\r\n\r\n";
    stream.write_all(request).await.unwrap();
    let mut response = String::new();
    stream.read_to_string(&mut response).await.unwrap();
    response.lines().next().unwrap_or_default().to_owned()
}

#[tokio::test]
async fn a_rewritten_response_has_the_reason_phrase_of_its_own_status() {
    let compat = compat(Contract::from_json(CONTRACT).unwrap());
    let upstream = upstream().await;
    let proxy = service_fn(move |request| forward(request, upstream));
    let server = served_by_hyper(ServiceBuilder::new().layer(compat.layer).service(proxy)).await;
    assert_eq!(status_line(server).await, "HTTP/1.1 401 Unauthorized");
    compat.flag.set(false);
    assert_eq!(status_line(server).await, "HTTP/1.1 200 Everything is fine");
}
