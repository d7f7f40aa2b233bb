//! Reading queries and JSON bodies.

use std::{fmt::Display, str::FromStr};

use axum::{
    body::Bytes,
    extract::{FromRequest, FromRequestParts, Query, Request},
};
use http::{StatusCode, request::Parts};
use serde::de::Error as _;

use super::{
    layers::body_too_large,
    problem::{Problem, ProblemKind},
};
use crate::{
    census::Window,
    diagnostics::{Diagnostics, FaultCode},
    http_syntax::is_json,
    json::OrderedValue,
};

/// The parameters of a query. Each is read once, and all faults are reported at once.
#[derive(Debug)]
pub(crate) struct Params {
    left: Vec<(String, String)>,
    known: Vec<&'static str>,
    diagnostics: Diagnostics,
}

impl<S: Sync> FromRequestParts<S> for Params {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Problem> {
        let Ok(Query(left)) = Query::try_from_uri(&parts.uri) else {
            let detail = "The query is not of the form `a=1&b=2`.";
            return Err(Problem::new(ProblemKind::Malformed, detail));
        };
        Ok(Self {
            left,
            known: Vec::new(),
            diagnostics: Diagnostics::default(),
        })
    }
}

impl Params {
    /// A parameter as text, if present.
    pub(crate) fn text(&mut self, name: &'static str) -> Option<String> {
        self.known.push(name);
        let place = self.left.iter().position(|(param, _)| param == name)?;
        Some(self.left.remove(place).1)
    }

    /// A parameter that parses.
    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, name: &'static str) -> Option<T> {
        let text = self.text(name)?;
        let read = text.parse::<T>();
        read.map_err(|error| self.fault(name, &text, format!("a valid value ({error})")))
            .ok()
    }

    /// A parameter that is one of a few words.
    pub(crate) fn word<'a, T: Copy>(
        &mut self,
        name: &'static str,
        all: &[T],
        word: impl Fn(T) -> &'a str,
    ) -> Option<T> {
        let text = self.text(name)?;
        let found = all.iter().copied().find(|known| word(*known) == text);
        if found.is_none() {
            let words: Vec<&str> = all.iter().copied().map(word).collect();
            self.fault(name, &text, format!("one of {}", words.join(", ")));
        }
        found
    }

    /// Whether a parameter is this word; if it is not, it is left.
    pub(crate) fn is(&mut self, name: &'static str, word: &str) -> bool {
        let is_word = |(param, text): &(String, String)| param == name && text == word;
        let place = self.left.iter().position(is_word);
        place.map(|place| self.left.remove(place)).is_some()
    }

    /// The number of items, at least one.
    pub(crate) fn limit(&mut self, default: usize, most: usize) -> usize {
        let Some(text) = self.text("limit") else {
            return default;
        };
        let limit = text.parse().ok().filter(|limit| (1..=most).contains(limit));
        limit.unwrap_or_else(|| {
            self.fault("limit", &text, format!("a whole number from 1 to {most}"));
            default
        })
    }

    /// The window, a day by default.
    pub(crate) fn window(&mut self) -> Window {
        let Some(text) = self.text("window") else {
            return Window::DAY;
        };
        let length = humantime::parse_duration(&text).ok();
        let window = length.and_then(|length| Window::new(length).ok());
        window.unwrap_or_else(|| {
            let expected = "a duration such as 5m, 1h, 24h, 7d or 30d, at most 30 days";
            self.fault("window", &text, expected);
            Window::DAY
        })
    }

    /// Adds a fault; its place is the name of the parameter.
    pub(crate) fn fault(&mut self, name: &str, value: &str, expected: impl Into<String>) {
        self.add(FaultCode::InvalidValue, name, value, expected);
    }

    fn add(&mut self, code: FaultCode, name: &str, value: &str, expected: impl Into<String>) {
        self.diagnostics.add_at(name, code, value, expected);
    }

    /// Completes the reading.
    ///
    /// # Errors
    ///
    /// All faults, unknown and repeated parameters included.
    pub(crate) fn finish(mut self) -> Result<(), Problem> {
        for (name, value) in std::mem::take(&mut self.left) {
            let known = self.known.join(", ");
            if self.known.contains(&name.as_str()) {
                let expected = "each parameter at most once";
                self.add(FaultCode::DuplicateMember, &name, &value, expected);
            } else if known.is_empty() {
                self.add(FaultCode::UnknownMember, &name, &value, "no parameters");
            } else {
                let expected = format!("one of the parameters {known}");
                self.add(FaultCode::UnknownMember, &name, &value, expected);
            }
        }
        match self.diagnostics.into_faults().as_slice() {
            [] => Ok(()),
            faults => Err(Problem::invalid(faults)),
        }
    }
}

/// A JSON body. Its members are checked by the reader, which reports all faults at once.
pub(crate) struct JsonBody(pub(crate) OrderedValue);

impl<S: Send + Sync> FromRequest<S> for JsonBody {
    type Rejection = Problem;

    async fn from_request(request: Request, state: &S) -> Result<Self, Problem> {
        if !is_json(request.headers()) {
            let detail = "The body must be JSON with `Content-Type: application/json`.";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
        let bytes = Bytes::from_request(request, state).await;
        let bytes = bytes.map_err(|rejection| match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => body_too_large(),
            _ => Problem::new(ProblemKind::Malformed, "The body is incomplete."),
        })?;
        let text = str::from_utf8(&bytes).map_err(serde_json::Error::custom);
        let value = text.and_then(serde_json::from_str).map_err(|error| {
            let detail = format!("The body is not JSON: {error}.");
            Problem::new(ProblemKind::Malformed, detail)
        })?;
        Ok(Self(value))
    }
}
