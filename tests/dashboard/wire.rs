//! A connection to the service that can stall, as with a server that hangs.

use std::net::SocketAddr;

use tokio::{
    io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    sync::watch,
};

use crate::service::TestService;

pub(crate) struct Wire {
    address: SocketAddr,
    stalled: watch::Sender<bool>,
    prefix: &'static str,
}

impl Wire {
    pub(crate) async fn to(service: &TestService) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stalled, stalling) = watch::channel(false);
        let server = service.address();
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let server = TcpStream::connect(server).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) =
                    (client.into_split(), server.into_split());
                tokio::spawn(carry(from_client, to_server, stalling.clone()));
                tokio::spawn(carry(from_server, to_client, stalling.clone()));
            }
        });
        Self {
            address,
            stalled,
            prefix: TestService::PREFIX,
        }
    }

    pub(crate) fn page(&self, path: &str) -> String {
        format!("http://{}{}{path}", self.address, self.prefix)
    }

    /// Nothing passes while it is stalled, and nothing is lost.
    pub(crate) fn stall(&self, stalled: bool) {
        self.stalled.send_replace(stalled);
    }
}

async fn carry(
    mut from: impl AsyncRead + Unpin,
    mut to: impl AsyncWrite + Unpin,
    mut stalling: watch::Receiver<bool>,
) {
    let mut bytes = vec![0; 16 * 1024];
    while let Ok(length @ 1..) = from.read(&mut bytes).await {
        if stalling.wait_for(|stalled| !stalled).await.is_err() {
            return;
        }
        if to.write_all(&bytes[..length]).await.is_err() {
            return;
        }
    }
}
