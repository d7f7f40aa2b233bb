//! The client's address, as the application knows it.

use std::net::{IpAddr, SocketAddr};

use http::Extensions;

/// The address of the client, put into the request's extensions by the application.
///
/// Only the application knows where its clients' addresses come from, so no header is read by default. A layer outside
/// the compatibility layer inserts it.
///
/// Clients that connect directly: the peer of the socket, which axum has as `ConnectInfo`.
///
/// ```
/// use std::net::SocketAddr;
///
/// use axum::extract::{ConnectInfo, Request};
/// use axum::middleware::{Next, from_fn};
/// use axum::response::Response;
/// use legacy_http_compat::caller::ClientAddr;
///
/// async fn insert_address(
///     ConnectInfo(peer): ConnectInfo<SocketAddr>,
///     mut request: Request,
///     next: Next,
/// ) -> Response {
///     request.extensions_mut().insert(ClientAddr::from(peer));
///     next.run(request).await
/// }
///
/// let app: axum::Router = axum::Router::new().layer(from_fn(insert_address));
/// let service = app.into_make_service_with_connect_info::<SocketAddr>();
/// # let _ = service;
/// ```
///
/// Clients behind a proxy: the `client-ip` crate reads the one header that the proxy is known to set, for
/// example `client_ip::rightmost_x_forwarded_for(request.headers())`, and the same middleware inserts
/// `ClientAddr(address)`. A header that the proxy does not overwrite is the client's own claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClientAddr(pub IpAddr);

impl ClientAddr {
    /// The address with an IPv4-mapped IPv6 one (RFC 4291 §2.5.5.2) as IPv4, so that a client has one
    /// address whether or not the server listens on both.
    #[must_use]
    pub const fn to_canonical(self) -> IpAddr {
        self.0.to_canonical()
    }

    pub(super) fn of(extensions: &Extensions) -> Option<IpAddr> {
        extensions
            .get::<Self>()
            .map(|address| address.to_canonical())
    }
}

impl From<IpAddr> for ClientAddr {
    fn from(address: IpAddr) -> Self {
        Self(address)
    }
}

impl From<SocketAddr> for ClientAddr {
    fn from(peer: SocketAddr) -> Self {
        Self(peer.ip())
    }
}
