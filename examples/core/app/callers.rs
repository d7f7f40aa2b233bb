//! The detector: identifies client kind, generation and installation.

use legacy_http_compat::caller::{FingerprintKey, IdentitySignal, SignalDetector, SignalPart};

/// The first version of each client kind that understands the target contract.
const TARGET_SINCE: &str = "2.0.0";

/// Identifies callers under a secret key.
///
/// An installation is identified by its `X-Client-Id`, or else by its address and product together. A
/// caller that sends neither an id nor a `User-Agent` is anonymous.
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
        .target_since("UI_RUST", TARGET_SINCE)
        .target_since("AGENT", TARGET_SINCE)
        .target_since("MCP", TARGET_SINCE)
        .identity(IdentitySignal::header("x-client-id"))
        .identity(IdentitySignal::all_of([
            SignalPart::ClientAddress,
            SignalPart::ProductName,
        ]))
        .build(key)
        .expect("the settings above are valid")
}
