//! The compatibility layer in front of the handlers: the one place where the application knows of old clients.

use std::net::SocketAddr;

use axum::{
    Router,
    extract::{ConnectInfo, Request},
    middleware::{Next, from_fn},
    response::Response,
};
use legacy_http_compat::{
    Contract, FlagReader, LegacyHttpCompatLayer,
    caller::{ClientAddr, FingerprintKey, IdentitySignal, SignalDetector, SignalPart},
    middleware::CaptureRequestFieldsLayer,
};

/// The version from which on each kind of client understands the target contract.
const STATUS_DRIVEN_SINCE: &str = "2.0.0";

/// What the layer is set up with.
pub(crate) struct Compat {
    /// What the API answers now and what it answered before.
    pub(crate) contract: Contract,
    /// The secret under which installations get their pseudonyms.
    pub(crate) key: FingerprintKey,
}

impl Compat {
    /// Puts the layer in front of a router, switched by `flag`.
    pub(crate) fn in_front_of(self, router: Router, flag: FlagReader) -> Router {
        router
            .layer(CaptureRequestFieldsLayer::new())
            .layer(LegacyHttpCompatLayer::new(self.contract, flag).detect(detector(&self.key)))
            .layer(from_fn(note_address))
    }
}

/// Tells the three families of clients apart, and old ones from new.
fn detector(key: &FingerprintKey) -> SignalDetector {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .kind_products([
            ("core-ui-rust", "UI_RUST"),
            ("core-agent", "AGENT"),
            ("core-mcp", "MCP"),
        ])
        .opt_in("x-status-driven", "1")
        .version_header("x-client-version")
        .status_driven_since("UI_RUST", STATUS_DRIVEN_SINCE)
        .status_driven_since("AGENT", STATUS_DRIVEN_SINCE)
        .status_driven_since("MCP", STATUS_DRIVEN_SINCE)
        .identity(IdentitySignal::header("x-client-id"))
        .identity(IdentitySignal::all_of([
            SignalPart::ClientAddress,
            SignalPart::ProductName,
        ]))
        .build(key)
        .expect("the settings above are valid")
}

/// Clients connect directly, so the peer of the socket is the client.
async fn note_address(mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    if let Some(ConnectInfo(peer)) = peer.copied() {
        request.extensions_mut().insert(ClientAddr::from(peer));
    }
    next.run(request).await
}
