//! The kinds of clients.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of client, as the API spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ClientKind {
    /// The desktop client. It has its own way to sign in, and gets neither device codes nor client tokens.
    UiRust,
    /// The headless client.
    Agent,
    /// The Model Context Protocol client.
    Mcp,
}

impl fmt::Display for ClientKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::UiRust => "UI_RUST",
            Self::Agent => "AGENT",
            Self::Mcp => "MCP",
        })
    }
}
