//! Who calls: the three families of clients, old ones and new, and each installation among them.

use legacy_http_compat::caller::{FingerprintKey, IdentitySignal, SignalDetector, SignalPart};

/// The version from which on each kind of client understands the target contract.
const STATUS_DRIVEN_SINCE: &str = "2.0.0";

/// Tells callers apart, under a secret key.
///
/// An installation is known by its `X-Client-Id`, or else by its address and product together. One
/// that sends neither an id nor a `User-Agent` is anonymous.
pub(crate) fn detector(key: &FingerprintKey) -> SignalDetector {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .kind_products([
            ("core-ui-rust", "UI_RUST"),
            ("core-agent", "AGENT"),
            ("core-mcp", "MCP"),
        ])
        .opt_in("x-status-driven", "1")
        .version_header("x-client-version")
        .target_since("UI_RUST", STATUS_DRIVEN_SINCE)
        .target_since("AGENT", STATUS_DRIVEN_SINCE)
        .target_since("MCP", STATUS_DRIVEN_SINCE)
        .identity(IdentitySignal::header("x-client-id"))
        .identity(IdentitySignal::all_of([
            SignalPart::ClientAddress,
            SignalPart::ProductName,
        ]))
        .build(key)
        .expect("the settings above are valid")
}
