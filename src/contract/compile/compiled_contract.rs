//! A compiled contract: which endpoint a request is for, and the deprecation notice of its responses.

use std::{
    ops::Deref,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime},
};

use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header::LINK};
use matchit::InsertError;

use super::{
    compiled_endpoint::CompiledEndpoint, headers::without_first_clone, label::is_label,
    request_line, routes::Routes, shared_outcomes,
};
use crate::{
    contract::definition::{
        contract_definition::{Definition, Deprecation},
        endpoint::Endpoint,
    },
    diagnostics::{Diagnostics, FaultCode},
};

const DEPRECATION: HeaderName = HeaderName::from_static("deprecation");
const SUNSET: HeaderName = HeaderName::from_static("sunset");

/// The last second of the year 9999, the latest that an HTTP-date can express.
const LAST_SECOND: i64 = 253_402_300_799;

/// Tells one compiled contract from another within a process, so that observers can keep what they prepared for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContractId(u64);

impl ContractId {
    fn next() -> Self {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        // Relaxed: all that matters is that no number is given twice.
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    /// Counts up from one contract to the next.
    pub(crate) fn number(self) -> u64 {
        self.0
    }
}

/// A contract, checked and compiled.
#[derive(Debug)]
pub(crate) struct CompiledContract {
    pub(crate) id: ContractId,
    pub(crate) definition: Definition,
    pub(crate) endpoints: Vec<CompiledEndpoint>,
    pub(crate) notice: DeprecationHeaders,
    routes: Routes,
}

impl CompiledContract {
    /// The most endpoints a contract may have.
    const MAX_ENDPOINTS: usize = 1024;

    pub(crate) fn compile(mut definition: Definition, diagnostics: &mut Diagnostics) -> Self {
        shared_outcomes::resolve(&mut definition, diagnostics);
        let base = definition.base_path.clone();
        // Without a wrong base path, the rest can still be checked.
        let base = Some(base).filter(|base| request_line::check_base_path(base, diagnostics));
        let base = base.unwrap_or_default();
        let endpoints = definition.endpoints.len();
        diagnostics.at_most(Self::MAX_ENDPOINTS, "endpoints", "/endpoints", endpoints);
        let notice = definition.deprecation.as_ref();
        let notice = notice
            .map(|deprecation| DeprecationHeaders::compile(deprecation, diagnostics))
            .unwrap_or_default();
        let mut compiled = Self {
            id: ContractId::next(),
            definition,
            endpoints: Vec::new(),
            notice,
            routes: Routes::default(),
        };
        diagnostics.at("endpoints", |diagnostics| {
            for index in 0..endpoints {
                diagnostics.at(index, |diagnostics| compiled.add(&base, index, diagnostics));
            }
        });
        diagnostics.at("dropped", |diagnostics| {
            for (index, promise) in compiled.definition.dropped.iter().enumerate() {
                diagnostics.at(index, |diagnostics| promise.check(diagnostics));
            }
        });
        compiled
    }

    /// The endpoint that a request is for. Never one for HEAD.
    #[inline]
    pub(crate) fn find(self: &Arc<Self>, method: &Method, path: &str) -> Option<EndpointHandle> {
        let index = self.routes.find(method, path)?;
        let contract = Arc::clone(self);
        Some(EndpointHandle { contract, index })
    }

    /// Whether the legacy responses of the endpoint at this index may be rehearsed.
    pub(crate) fn rehearses(&self, endpoint: usize) -> bool {
        !self.definition.endpoints[endpoint].is_never_rehearsed
    }

    fn add(&mut self, base: &str, index: usize, diagnostics: &mut Diagnostics) {
        let endpoint = &self.definition.endpoints[index];
        diagnostics.describe("endpoint", &endpoint.name);
        check_name(endpoint, &self.definition.endpoints[..index], diagnostics);
        let method = request_line::method(&endpoint.method, diagnostics);
        let is_path =
            request_line::check_path(&self.definition.base_path, &endpoint.path, diagnostics);
        let path = format!("{base}{}", endpoint.path);
        if let Some(method) = method.as_ref().filter(|_| is_path) {
            let inserted = self.routes.insert(method, &path, index);
            report_route(inserted, method, &path, diagnostics);
        }
        self.endpoints.push(CompiledEndpoint::compile(
            endpoint,
            &self.definition.outcomes,
            &path,
            method.as_ref(),
            diagnostics,
        ));
    }
}

/// An endpoint, with the contract that it is from.
#[derive(Clone, Debug)]
pub(crate) struct EndpointHandle {
    contract: Arc<CompiledContract>,
    index: usize,
}

impl EndpointHandle {
    pub(crate) fn contract(&self) -> &CompiledContract {
        &self.contract
    }

    /// Its index in the contract.
    pub(crate) fn index(&self) -> usize {
        self.index
    }
}

impl Deref for EndpointHandle {
    type Target = CompiledEndpoint;

    fn deref(&self) -> &CompiledEndpoint {
        &self.contract.endpoints[self.index]
    }
}

/// The headers of a [`Deprecation`].
#[derive(Debug, Default)]
pub(crate) struct DeprecationHeaders {
    set: Vec<(HeaderName, HeaderValue)>,
    link: Option<HeaderValue>,
}

impl DeprecationHeaders {
    pub(super) fn compile(deprecation: &Deprecation, diagnostics: &mut Diagnostics) -> Self {
        let mut notice = Self::default();
        if let Some(date) = date("date", deprecation.date, diagnostics) {
            // A structured-field Date (RFC 9651, section 3.3.7).
            notice.set(DEPRECATION, &format!("@{date}"));
        }
        if let Some(sunset) = deprecation
            .sunset
            .and_then(|sunset| date("sunset", sunset, diagnostics))
        {
            if deprecation.sunset < Some(deprecation.date) {
                let expected = format!(
                    "a sunset not before the deprecation at {}",
                    deprecation.date
                );
                let code = FaultCode::SunsetBeforeDeprecation;
                diagnostics.add_at("/deprecation/sunset", code, sunset.to_string(), expected);
            }
            let sunset = SystemTime::UNIX_EPOCH + Duration::from_secs(sunset);
            notice.set(SUNSET, &httpdate::fmt_http_date(sunset));
        }
        notice.link = link(&deprecation.link, diagnostics);
        notice
    }

    /// Adds the notice to a rewritten response. Other links stay.
    pub(crate) fn apply(&self, headers: &mut HeaderMap) {
        for (name, value) in &self.set {
            headers.insert(name, value.clone());
        }
        if let Some(link) = &self.link {
            headers.append(LINK, link.clone());
        }
    }

    /// How many lines it adds.
    pub(crate) fn len(&self) -> usize {
        self.set.len() + usize::from(self.link.is_some())
    }

    fn set(&mut self, name: HeaderName, text: &str) {
        let value = HeaderValue::from_str(text).expect("a date is visible ASCII");
        self.set.push((name, without_first_clone(value)));
    }
}

fn check_name(endpoint: &Endpoint, earlier: &[Endpoint], diagnostics: &mut Diagnostics) {
    if !is_label(&endpoint.name) || endpoint.name == "other" {
        let expected = "1 to 64 letters, digits, `_`, `-` and `.`, but not `other`";
        diagnostics.add_at("/name", FaultCode::InvalidName, &endpoint.name, expected);
    }
    if earlier.iter().any(|other| other.name == endpoint.name) {
        let expected = "a name that no other endpoint has";
        diagnostics.add_at("/name", FaultCode::DuplicateName, &endpoint.name, expected);
    }
}

fn report_route(
    inserted: Result<(), InsertError>,
    method: &Method,
    path: &str,
    diagnostics: &mut Diagnostics,
) {
    match inserted {
        Ok(()) => {}
        Err(InsertError::Conflict { with }) => {
            let expected = format!("requests that {method} {with} does not match");
            let value = format!("{method} {path}");
            diagnostics.add_at("/path", FaultCode::OverlappingEndpoints, value, expected);
        }
        Err(error) => {
            let expected =
                format!("matchit syntax such as /items/{{id}} or /files/{{*rest}} ({error})");
            diagnostics.add_at("/path", FaultCode::InvalidPath, path, expected);
        }
    }
}

fn date(member: &str, seconds: i64, diagnostics: &mut Diagnostics) -> Option<u64> {
    let date = u64::try_from(seconds)
        .ok()
        .filter(|_| seconds <= LAST_SECOND);
    if date.is_none() {
        let expected =
            format!("seconds since the Unix epoch, from 0 to {LAST_SECOND} (the year 9999)");
        let pointer = format!("/deprecation/{member}");
        diagnostics.add_at(
            pointer,
            FaultCode::InvalidDate,
            seconds.to_string(),
            expected,
        );
    }
    date
}

fn link(uri: &str, diagnostics: &mut Diagnostics) -> Option<HeaderValue> {
    let absolute = uri
        .parse::<Uri>()
        .is_ok_and(|uri| uri.scheme().is_some() && uri.host().is_some());
    let safe = uri
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && !matches!(byte, b'<' | b'>' | b'"'));
    if !(absolute && safe) {
        let expected = "an absolute URI such as https://example.com/deprecations";
        diagnostics.add_at("/deprecation/link", FaultCode::InvalidLink, uri, expected);
        return None;
    }
    let value = format!(r#"<{uri}>; rel="deprecation"; type="text/html""#);
    HeaderValue::from_str(&value).ok().map(without_first_clone)
}
