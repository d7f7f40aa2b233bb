//! The plan as a whole.

use std::sync::atomic::{AtomicU64, Ordering};

use http::Method;
use matchit::InsertError;

use super::{
    endpoint::{CompiledEndpoint, is_label},
    notice::DeprecationHeaders,
    routes::Routes,
};
use crate::contract::{
    document::Definition,
    endpoint::Endpoint,
    error::{FaultKind, Faults},
};

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

    pub(crate) fn compile(definition: Definition, faults: &mut Faults) -> Self {
        check_base_path(&definition.base_path, faults);
        if definition.endpoints.len() > Self::MAX_ENDPOINTS {
            let expected = format!("at most {} endpoints", Self::MAX_ENDPOINTS);
            faults.add(
                FaultKind::TooMany,
                format!("{} endpoints", definition.endpoints.len()),
                expected,
            );
        }
        let notice = definition.deprecation.as_ref();
        let notice = notice
            .map(|deprecation| DeprecationHeaders::compile(deprecation, faults))
            .unwrap_or_default();
        let mut plan = Self {
            id: ContractId::next(),
            definition,
            endpoints: Vec::new(),
            notice,
            routes: Routes::default(),
        };
        for index in 0..plan.definition.endpoints.len() {
            plan.add(index, faults);
        }
        plan
    }

    /// The endpoint that a request is for. Never one for HEAD.
    pub(crate) fn find(&self, method: &Method, path: &str) -> Option<usize> {
        self.routes.find(method, path)
    }

    fn add(&mut self, index: usize, faults: &mut Faults) {
        let endpoint = &self.definition.endpoints[index];
        faults.enter_endpoint(&endpoint.name);
        check_name(endpoint, &self.definition.endpoints[..index], faults);
        let method = method(&endpoint.method, faults);
        let path = format!("{}{}", self.definition.base_path, endpoint.path);
        let path = check_path(&path, faults).then_some(path);
        if let (Some(method), Some(path)) = (&method, path) {
            let inserted = self.routes.insert(method, &path, index);
            report_route(inserted, method, &path, faults);
        }
        self.endpoints
            .push(CompiledEndpoint::compile(endpoint, method.as_ref(), faults));
        faults.leave_endpoint();
    }
}

fn check_base_path(base: &str, faults: &mut Faults) {
    if !base.is_empty() && (!base.starts_with('/') || base.ends_with('/')) {
        let expected =
            "a path such as /api/v1, with a slash before and none behind, or none at all";
        faults.add(
            FaultKind::InvalidPath,
            format!("base path {base:?}"),
            expected,
        );
    }
}

fn check_name(endpoint: &Endpoint, earlier: &[Endpoint], faults: &mut Faults) {
    let value = || format!("endpoint name {:?}", endpoint.name);
    if !is_label(&endpoint.name) || endpoint.name == "other" {
        let expected = "1 to 64 letters, digits, `_`, `-` and `.`, but not `other`";
        faults.add(FaultKind::InvalidName, value(), expected);
    }
    if earlier.iter().any(|other| other.name == endpoint.name) {
        faults.add(
            FaultKind::DuplicateName,
            value(),
            "a name that no other endpoint has",
        );
    }
}

fn method(text: &str, faults: &mut Faults) -> Option<Method> {
    let method = Method::from_bytes(text.as_bytes()).ok();
    let method = method.filter(|method| !matches!(*method, Method::HEAD | Method::CONNECT));
    if method.is_none() {
        let expected = "a method such as POST; answers to HEAD and CONNECT are never rewritten";
        faults.add(
            FaultKind::InvalidMethod,
            format!("method {text:?}"),
            expected,
        );
    }
    method
}

fn check_path(path: &str, faults: &mut Faults) -> bool {
    let right = path.starts_with('/')
        && path
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'?' && byte != b'#');
    if !right {
        let expected = "a path that starts with a slash, in ASCII as it is sent (other characters percent-encoded), \
                        without query and fragment";
        faults.add(FaultKind::InvalidPath, format!("path {path:?}"), expected);
    }
    right
}

fn report_route(
    inserted: Result<(), InsertError>,
    method: &Method,
    path: &str,
    faults: &mut Faults,
) {
    match inserted {
        Ok(()) => {}
        Err(InsertError::Conflict { with }) => {
            let expected = format!("requests that are not already those of {method} {with:?}");
            faults.add(
                FaultKind::OverlappingEndpoints,
                format!("{method} {path:?}"),
                expected,
            );
        }
        Err(error) => {
            let expected =
                format!("matchit syntax such as /items/{{id}} or /files/{{*rest}} ({error})");
            faults.add(FaultKind::InvalidPath, format!("path {path:?}"), expected);
        }
    }
}
