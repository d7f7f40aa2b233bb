//! The source of a client's address.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use clap::ValueEnum;
use legacy_http_compat::caller::ClientAddr;

/// The trusted source of a client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressSource {
    /// The socket: clients connect directly.
    Peer,
    /// The header set by the proxy in front.
    Header(ProxyHeader),
}

/// A header in which a proxy sends the client's address. A proxy that does not overwrite it forwards whatever the
/// client claims.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProxyHeader {
    /// The last address of `X-Forwarded-For`, added by the nearest proxy
    RightmostXForwardedFor,
    /// `X-Real-IP`, often used with nginx
    XRealIp,
    /// `True-Client-IP`, of Akamai and Cloudflare
    TrueClientIp,
    /// `CF-Connecting-IP`, of Cloudflare
    CfConnectingIp,
}

/// Adds the client's address to the request's extensions. Without the proxy's header there is none: the
/// proxy's own address would make all clients look like one.
pub(crate) async fn note(
    State(source): State<AddressSource>,
    mut request: Request,
    next: Next,
) -> Response {
    let address = match source {
        AddressSource::Peer => peer(&request),
        AddressSource::Header(header) => header.read(request.headers()),
    };
    if let Some(address) = address {
        request.extensions_mut().insert(ClientAddr(address));
    }
    next.run(request).await
}

fn peer(request: &Request) -> Option<IpAddr> {
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
    Some(connected.0.ip())
}

impl ProxyHeader {
    fn read(self, headers: &HeaderMap) -> Option<IpAddr> {
        let read = match self {
            Self::RightmostXForwardedFor => client_ip::rightmost_x_forwarded_for,
            Self::XRealIp => client_ip::x_real_ip,
            Self::TrueClientIp => client_ip::true_client_ip,
            Self::CfConnectingIp => client_ip::cf_connecting_ip,
        };
        // The error contains the header's value, so it is not logged.
        read(headers).ok()
    }
}
