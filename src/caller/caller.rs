//! A caller, as a detector identifies it, and its address, as the application knows it.

use std::net::{IpAddr, SocketAddr};

use http::Extensions;

use super::fingerprint::Fingerprint;
use super::kind::Kind;
use super::version::ClientVersion;
use crate::words::words;

/// The client that sent a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caller {
    kind: Kind,
    generation: Generation,
    fingerprint: Option<Fingerprint>,
    version: Option<ClientVersion>,
    identified: bool,
}

words! {
    /// Which contract a caller understands.
    #[expect(
        clippy::exhaustive_enums,
        reason = "a contract has two sides, and the crate depends on that"
    )]
    pub enum Generation {
        /// The old contract: depends on legacy shapes.
        Legacy = "legacy",
        /// The target contract.
        Target = "target",
    }
}

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

impl Caller {
    /// A caller without an identity signal, of no known kind, that understands only the old contract.
    pub const ANONYMOUS_LEGACY: Self = Self::new(Kind::OTHER, Generation::Legacy).unidentified();

    /// An anonymous caller of a kind and generation.
    #[must_use]
    pub const fn new(kind: Kind, generation: Generation) -> Self {
        Self {
            kind,
            generation,
            fingerprint: None,
            version: None,
            identified: true,
        }
    }

    /// This caller with a generation that nothing in the request shows: that of unknown callers.
    #[must_use]
    pub const fn unidentified(mut self) -> Self {
        self.identified = false;
        self
    }

    /// This caller with a fingerprint that distinguishes it from others.
    #[must_use]
    pub const fn with_fingerprint(mut self, fingerprint: Fingerprint) -> Self {
        self.fingerprint = Some(fingerprint);
        self
    }

    /// This caller with its client version.
    #[must_use]
    pub const fn with_version(mut self, version: ClientVersion) -> Self {
        self.version = Some(version);
        self
    }

    /// This caller with its fingerprint and version, as far as known.
    pub(super) const fn with(
        mut self,
        fingerprint: Option<Fingerprint>,
        version: Option<ClientVersion>,
    ) -> Self {
        self.fingerprint = fingerprint;
        self.version = version;
        self
    }

    /// The client kind.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Which contract the caller understands.
    #[must_use]
    pub const fn generation(&self) -> Generation {
        self.generation
    }

    /// Whether a version or a rule shows its generation, rather than the default for unknown callers.
    #[must_use]
    pub const fn is_identified(&self) -> bool {
        self.identified
    }

    /// The pseudonym of the installation; `None` for an anonymous caller.
    #[must_use]
    pub const fn fingerprint(&self) -> Option<Fingerprint> {
        self.fingerprint
    }

    /// The client's version, if it sent a valid one.
    #[must_use]
    pub const fn version(&self) -> Option<ClientVersion> {
        self.version
    }

    /// The [tag](ClientVersion::tag) of its version; 0 without one.
    #[inline]
    pub(crate) const fn version_tag(&self) -> u16 {
        match &self.version {
            Some(version) => version.tag().get(),
            None => 0,
        }
    }

    /// Whether the caller understands the target contract.
    #[must_use]
    pub const fn is_target(&self) -> bool {
        matches!(self.generation, Generation::Target)
    }
}

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
