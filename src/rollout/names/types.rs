//! The actors and texts that events contain, each text a type with its length and form.

use std::{fmt, str::FromStr};

use http::Uri;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};
use sha2::{Digest as _, Sha256};

use super::validate::{InvalidText, InvalidTextKind, validate};
use crate::{contract::Contract, http_syntax::token, words::words};

/// Defines a text type with a name, a length and a form.
///
/// A macro and not one type with parameters, so that an owner cannot be passed as a reason and each error names its
/// text.
macro_rules! text_type {
    ($(#[$docs:meta])* $name:ident, $what:literal, $most:literal $(, $form:ident: $expected:literal)?) => {
        $(#[$docs])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The most characters it may have.
            pub const MAX: usize = $most;

            /// Checks a text.
            ///
            /// # Errors
            ///
            /// When it is blank, too long, contains a control character or does not have the required form.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidText> {
                let text = text.into();
                validate($what, &text, Self::MAX)?;
                $(
                    if !$form(&text) {
                        let fault = InvalidTextKind::Malformed($expected);
                        return Err(InvalidText::new($what, fault));
                    }
                )?
                Ok(Self(text.into_boxed_str()))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Debug::fmt(&self.0, f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::new(text)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::new(String::deserialize(deserializer)?).map_err(D::Error::custom)
            }
        }
    };
}

text_type! {
    /// Why something was done, in one line of at most 1,000 characters.
    Reason, "reason", 1_000
}

text_type! {
    /// Who did something: a user name, the name of a token or of a component; at most 128 characters.
    ActorId, "actor id", 128
}

text_type! {
    /// The id that relates an event to a request or a pipeline; at most 128 characters.
    CorrelationId, "correlation id", 128
}

text_type! {
    /// The name of the flag that a rollout controls; at most 200 characters.
    FlagName, "flag name", 200
}

text_type! {
    /// The name of an incident, such as `INC-4711`; at most 128 characters.
    IncidentId, "incident", 128
}

text_type! {
    /// Who is responsible for a waiver; at most 128 characters.
    Owner, "owner", 128
}

text_type! {
    /// What a post-analysis found, in one paragraph of at most 4,000 characters.
    Summary, "summary", 4_000
}

text_type! {
    /// The name of a gate, a check or a client kind: a token (RFC 9110 §5.6.2) of at most 64 characters.
    Identifier, "name", 64, is_token: "a token (letters, digits, and such as _ - .)"
}

text_type! {
    /// The name of an instance, such as `core-7f9`: a token (RFC 9110 §5.6.2) of at most 64 characters.
    InstanceId, "instance", 64, is_token: "a token (letters, digits, and such as _ - .)"
}

text_type! {
    /// Where to read on: an absolute `http` or `https` address without credentials, of at most 2,000 characters.
    Link, "link", 2_000, is_link: "an absolute http or https address without credentials"
}

text_type! {
    /// The SHA-256 of a contract in 64 lower-case hexadecimal digits.
    ContractDigest, "contract digest", 64, is_digest: "64 lower-case hexadecimal digits"
}

impl ContractDigest {
    /// The SHA-256 of a contract as a JSON document.
    ///
    /// ```
    /// use legacy_http_compat::{Contract, rollout::names::ContractDigest};
    ///
    /// let contract = Contract::device_flow();
    /// let moved = contract.with_base_path("/api/v2")?;
    /// assert_eq!(ContractDigest::of(&contract), ContractDigest::of(&Contract::device_flow()));
    /// assert_ne!(ContractDigest::of(&contract), ContractDigest::of(&moved));
    /// # Ok::<(), legacy_http_compat::contract::ContractError>(())
    /// ```
    ///
    /// # Panics
    ///
    /// Never: a contract is written as JSON.
    #[must_use]
    pub fn of(contract: &Contract) -> Self {
        let document = serde_json::to_vec(contract).expect("a contract is written as JSON");
        Self::new(hex::encode(Sha256::digest(document)))
            .expect("a SHA-256 has 64 hexadecimal digits")
    }
}

fn is_token(text: &str) -> bool {
    token(text.as_bytes()).is_some()
}

/// Only web schemes: a page that shows the link must not run a script.
fn is_link(text: &str) -> bool {
    let Ok(uri) = text.parse::<Uri>() else {
        return false;
    };
    let web = matches!(uri.scheme_str(), Some("http" | "https"));
    web && uri
        .authority()
        .is_some_and(|authority| !authority.as_str().contains('@'))
}

fn is_digest(text: &str) -> bool {
    let hex = |byte: u8| matches!(byte, b'0'..=b'9' | b'a'..=b'f');
    text.len() == 64 && text.bytes().all(hex)
}

/// Who did something: a kind and an id.
///
/// The id goes into the journal and the log: use a name, never an address or a secret.
///
/// ```
/// use legacy_http_compat::rollout::names::Actor;
///
/// let actor = Actor::human("mara")?;
/// assert_eq!(actor.to_string(), "human mara");
/// assert!(Actor::service("ci\n").is_err());
/// # Ok::<(), legacy_http_compat::rollout::names::InvalidText>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Actor {
    /// What kind of actor it is.
    pub kind: ActorKind,
    /// Its name.
    pub id: ActorId,
}

words! {
    /// What kind of actor it is.
    #[expect(
        clippy::exhaustive_enums,
        reason = "an audit must know every kind of actor"
    )]
    pub enum ActorKind {
        /// A person.
        Human = "human",
        /// A program outside the rollout, such as a pipeline.
        Service = "service",
        /// The rollout itself.
        System = "system",
    }
}

impl Actor {
    /// An actor of any kind.
    #[must_use]
    pub const fn new(kind: ActorKind, id: ActorId) -> Self {
        Self { kind, id }
    }

    /// A person.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn human(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::Human, ActorId::new(id)?))
    }

    /// A program outside the rollout.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn service(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::Service, ActorId::new(id)?))
    }

    /// A part of the rollout itself.
    ///
    /// # Errors
    ///
    /// When the id is not an [`ActorId`].
    pub fn system(id: impl Into<String>) -> Result<Self, InvalidText> {
        Ok(Self::new(ActorKind::System, ActorId::new(id)?))
    }
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.kind.as_str(), self.id)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_names_the_text_and_what_is_wrong_with_it() {
        let error = |error: InvalidText| error.to_string();
        assert_eq!(error(Reason::new("  ").unwrap_err()), "reason: is blank");
        assert_eq!(
            error(ActorId::new("a".repeat(129)).unwrap_err()),
            "actor id: has 129 characters, the limit is 128"
        );
        assert_eq!(
            error(Identifier::new("legacy quiet").unwrap_err()),
            "name: is not a token (letters, digits, and such as _ - .)"
        );
    }

    #[test]
    fn a_link_is_a_web_address_without_credentials() {
        for link in ["https://ci.example/run/7?job=1#log", "http://[::1]:8080/x"] {
            assert!(Link::new(link).is_ok(), "{link}");
        }
        for link in [
            "javascript:alert(1)",
            "/run/7",
            "ci.example",
            "ftp://ci.example/",
            "https://user:secret@ci.example/",
            "https://",
            "https://ci.example/a b",
        ] {
            assert!(Link::new(link).is_err(), "{link}");
        }
    }

    #[test]
    fn a_digest_has_one_spelling() {
        assert!(ContractDigest::new("0a".repeat(32)).is_ok());
        assert!(ContractDigest::new("0A".repeat(32)).is_err());
        assert!(ContractDigest::new("0a".repeat(31)).is_err());
    }

    #[test]
    fn a_text_is_checked_when_it_is_read_too() {
        let error = serde_json::from_str::<Reason>(r#""line\nbreak""#).unwrap_err();
        assert!(error.to_string().contains("U+000A"), "{error}");
        let reason: Reason = serde_json::from_str(r#""green""#).unwrap();
        assert_eq!(reason, Reason::new("green").unwrap());
    }

    #[test]
    fn an_actor_reads_back() {
        let actor = Actor::service("ci").unwrap();
        let json = serde_json::to_string(&actor).unwrap();
        assert_eq!(json, r#"{"kind":"service","id":"ci"}"#);
        assert_eq!(serde_json::from_str::<Actor>(&json).unwrap(), actor);
        for json in [
            r#"{"kind":"robot","id":"ci"}"#,
            r#"{"kind":"human","id":""}"#,
            r#"{"kind":"human"}"#,
        ] {
            assert!(serde_json::from_str::<Actor>(json).is_err(), "{json}");
        }
    }
}
