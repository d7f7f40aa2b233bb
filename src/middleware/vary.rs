//! `Vary`: without it, a cache would mix legacy and target responses.

use std::sync::Arc;

use http::{HeaderMap, HeaderValue, Method, header::VARY};

use super::layer_settings::LayerSettings;
use crate::contract::compile::{CompiledContract, CompiledEndpoint, EndpointHandle};

/// What the response to a `HEAD` varies by: the same as that to a `GET` (RFC 9110, section 9.3.2).
pub(super) struct HeadVary {
    settings: Arc<LayerSettings>,
    endpoint: EndpointHandle,
}

impl HeadVary {
    /// Of a request for the `HEAD` of this path, if there is a `GET` endpoint of it.
    pub(super) fn of(
        path: &str,
        contract: &Arc<CompiledContract>,
        settings: &Arc<LayerSettings>,
    ) -> Option<Self> {
        Some(Self {
            settings: Arc::clone(settings),
            endpoint: contract.find(&Method::GET, path)?,
        })
    }

    pub(super) fn add_to(&self, headers: &mut HeaderMap) {
        add_vary(headers, &self.endpoint, &self.settings);
    }
}

/// Adds what the responses of the endpoint vary by: the headers that the detector and the placeholders read, if it is for
/// `GET` and has legacy shapes.
#[inline]
pub(super) fn add_vary(
    headers: &mut HeaderMap,
    endpoint: &CompiledEndpoint,
    settings: &LayerSettings,
) {
    if endpoint.is_get && endpoint.has_legacy {
        add_all(headers, [&endpoint.vary, &settings.vary]);
    }
}

#[inline(never)]
fn add_all(headers: &mut HeaderMap, values: [&Option<HeaderValue>; 2]) {
    for value in values.into_iter().flatten() {
        add(headers, value);
    }
}

/// Adds the names in `value` to the response's `Vary` (RFC 9110, section 12.5.5), unless they or `*` are listed already.
fn add(headers: &mut HeaderMap, value: &HeaderValue) {
    if !tokens(value).all(|wanted| is_listed(headers, wanted)) {
        // A full map stays as it is.
        let _full = headers.try_append(VARY, value.clone());
    }
}

fn is_listed(headers: &HeaderMap, wanted: &[u8]) -> bool {
    let mut listed = headers.get_all(VARY).iter().flat_map(tokens);
    listed.any(|token| token == b"*" || token.eq_ignore_ascii_case(wanted))
}

fn tokens(value: &HeaderValue) -> impl Iterator<Item = &[u8]> {
    value
        .as_bytes()
        .split(|byte| *byte == b',')
        .map(<[u8]>::trim_ascii)
}

#[cfg(test)]
mod tests {
    use http::HeaderName;

    use super::*;

    fn varied(before: &[&'static str], more: &'static str) -> Vec<String> {
        let mut headers = HeaderMap::new();
        for value in before {
            headers.append(VARY, HeaderValue::from_static(value));
        }
        super::add(&mut headers, &HeaderValue::from_static(more));
        headers
            .get_all(VARY)
            .iter()
            .map(|value| value.to_str().unwrap().to_owned())
            .collect()
    }

    #[test]
    fn what_is_not_yet_listed_is_added_in_a_line_of_its_own() {
        assert_eq!(varied(&[], "x-a"), ["x-a"]);
        assert_eq!(varied(&["accept"], "x-a, x-b"), ["accept", "x-a, x-b"]);
    }

    #[test]
    fn what_is_listed_already_is_not_repeated() {
        assert_eq!(varied(&["*"], "x-a"), ["*"]);
        assert_eq!(
            varied(&["Accept , X-A", "x-B"], "x-a, x-b"),
            ["Accept , X-A", "x-B"]
        );
    }
    #[test]
    fn a_map_without_space_stays_as_it_is() {
        let mut headers = HeaderMap::new();
        let line = HeaderValue::from_static("1");
        let name = |number| HeaderName::try_from(format!("x-{number}")).unwrap();
        while headers
            .try_append(name(headers.len()), line.clone())
            .is_ok()
        {}
        super::add(&mut headers, &line);
        assert_eq!(headers.get(VARY), None);
    }
}
