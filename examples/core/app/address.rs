//! Where a client's address comes from.

use std::net::{IpAddr, SocketAddr};

use axum::{
    extract::{ConnectInfo, Request, State},
    http::HeaderMap,
    middleware::Next,
    response::Response,
};
use clap::ValueEnum;
use legacy_http_compat::caller::ClientAddr;

/// Who is to be believed about a client's address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum AddressSource {
    /// The socket: clients connect directly.
    Peer,
    /// The one header that the proxy in front of this server sets.
    Header(ProxyHeader),
}

/// A header in which a proxy names the client. A proxy that does not overwrite what came from
/// outside passes on the client's own claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ProxyHeader {
    /// The last address of `X-Forwarded-For`: the one that the nearest proxy has added
    RightmostXForwardedFor,
    /// `X-Real-IP`, as set up in nginx
    XRealIp,
    /// `True-Client-IP`, of Akamai and Cloudflare
    TrueClientIp,
    /// `CF-Connecting-IP`, of Cloudflare
    CfConnectingIp,
}

/// Notes the client's address for whoever asks later. Where the proxy's header is missing there is
/// none: the proxy's own address would make one client of all.
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
        // The error holds what the header said, and so is not logged.
        read(headers).ok()
    }
}
