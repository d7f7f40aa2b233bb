//! Who may ask.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A kind of client, as the API spells it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(crate) enum ClientKind {
    /// The desktop client. It signs in another way and gets no device codes and no client tokens.
    UiRust,
    /// The headless client.
    Agent,
    /// The client of the Model Context Protocol.
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
