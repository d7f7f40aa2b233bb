//! A connection to the server, whatever encrypts it.

use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use tokio_postgres::{
    AsyncMessage, Client, Config, Connection, Error, Socket,
    tls::{MakeTlsConnect, TlsConnect},
};

/// Opens connections, by a [`MakeTlsConnect`] whose type is erased.
pub(super) trait Connector: Send + Sync {
    fn connect(&self, config: Config) -> BoxFuture<Result<Connected, Error>>;
}

pub(super) type BoxFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A client, and the connection that must be driven for it.
pub(super) type Connected = (Client, Box<dyn Drive>);

/// A connection that makes progress only while it is polled.
pub(super) trait Drive: Send {
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>>;
}

impl<T> Drive for Connection<Socket, T>
where
    Connection<Socket, T>: Send,
    T: tokio_postgres::tls::TlsStream + Unpin,
{
    fn poll_message(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<AsyncMessage, Error>>> {
        Connection::poll_message(self, cx)
    }
}

/// A connector by a TLS implementation.
pub(super) struct Tls<T>(pub(super) T);

impl<T> Connector for Tls<T>
where
    T: MakeTlsConnect<Socket> + Clone + Send + Sync + 'static,
    T::Stream: Send + 'static,
    T::TlsConnect: Send,
    <T::TlsConnect as TlsConnect<Socket>>::Future: Send,
{
    fn connect(&self, config: Config) -> BoxFuture<Result<Connected, Error>> {
        let tls = self.0.clone();
        Box::pin(async move {
            let (client, connection) = config.connect(tls).await?;
            Ok((client, Box::new(connection) as Box<dyn Drive>))
        })
    }
}
