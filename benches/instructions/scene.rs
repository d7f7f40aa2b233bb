//! What is sent and what the handler responds.

use std::sync::Arc;

use axum::{Router, routing::post};
use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    contract::{Endpoint, LegacyShape, Outcome, Template},
    migration::Migration,
    rollout::{Phase, policy::Policy},
};

use crate::support::{OTHER, POLL, SIZES, detector, request, response, response_status_last};

/// The cases of one place, by what happens to the response.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Scene {
    pub(crate) name: &'static str,
    pub(crate) path: &'static str,
    pub(crate) flag: Flag,
    status: &'static str,
    size: usize,
    field_last: bool,
    headers: usize,
    outcomes: usize,
    pub(crate) new_callers: bool,
    rehearse_one_in: u32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flag {
    On,
    Off,
    Retired,
}

const REWRITTEN: Scene = Scene {
    name: "rewritten",
    path: POLL,
    flag: Flag::On,
    status: "PENDING",
    size: SIZES[0],
    field_last: false,
    headers: 3,
    outcomes: 0,
    new_callers: false,
    rehearse_one_in: LegacyHttpCompatLayer::DEFAULT_REHEARSE_ONE_IN,
};
const KEPT: Scene = Scene {
    name: "kept",
    status: "APPROVED",
    ..REWRITTEN
};

pub(crate) const SCENES: [Scene; 16] = [
    REWRITTEN,
    Scene {
        name: "rewritten-1k",
        size: SIZES[1],
        ..REWRITTEN
    },
    Scene {
        name: "rewritten-last-1k",
        size: SIZES[1],
        field_last: true,
        ..REWRITTEN
    },
    Scene {
        name: "rewritten-last-64k",
        size: SIZES[2],
        field_last: true,
        ..REWRITTEN
    },
    Scene {
        name: "rewritten-40-headers",
        headers: 40,
        ..REWRITTEN
    },
    KEPT,
    Scene {
        name: "kept-1k",
        size: SIZES[1],
        ..KEPT
    },
    Scene {
        name: "kept-64k",
        size: SIZES[2],
        ..KEPT
    },
    Scene {
        name: "kept-last-1k",
        size: SIZES[1],
        field_last: true,
        ..KEPT
    },
    Scene {
        name: "kept-new",
        new_callers: true,
        ..KEPT
    },
    Scene {
        name: "off",
        flag: Flag::Off,
        ..REWRITTEN
    },
    Scene {
        name: "off-unsampled",
        flag: Flag::Off,
        rehearse_one_in: u32::MAX,
        ..REWRITTEN
    },
    Scene {
        name: "retired",
        flag: Flag::Retired,
        ..REWRITTEN
    },
    Scene {
        name: "outside",
        path: OTHER,
        ..REWRITTEN
    },
    Scene {
        name: "2-outcomes",
        outcomes: 2,
        status: "S1",
        ..KEPT
    },
    Scene {
        name: "100-outcomes",
        outcomes: 100,
        status: "S99",
        ..KEPT
    },
];

impl Scene {
    pub(crate) const fn rewrites(&self) -> bool {
        matches!(self.flag, Flag::On)
            && matches!(self.status.as_bytes(), b"PENDING")
            && !self.is_outside()
    }

    const fn is_outside(&self) -> bool {
        self.path.len() == OTHER.len() && self.path.as_bytes()[self.path.len() - 1] == b'e'
    }

    pub(crate) fn body(&self) -> Bytes {
        let make = if self.field_last {
            response_status_last
        } else {
            response
        };
        make(self.status, self.size)
    }

    /// Response headers, as a framework and its usual layers set them.
    pub(crate) fn response_headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert("content-type", HeaderValue::from_static("application/json"));
        headers.insert(
            "x-correlation-id",
            HeaderValue::from_static("8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0"),
        );
        headers.insert(
            "x-content-type-options",
            HeaderValue::from_static("nosniff"),
        );
        for number in headers.len()..self.headers {
            let name = HeaderName::try_from(format!("x-extra-{number}")).expect("a token");
            headers.insert(name, HeaderValue::from_static("1"));
        }
        headers
    }

    pub(crate) fn router(&self) -> Router {
        // Shared: axum clones a handler for each request, and once more for each layer.
        let (headers, body) = (Arc::new(self.response_headers()), self.body());
        let handler = move || async move { (HeaderMap::clone(&headers), body) };
        Router::new()
            .route(POLL, post(handler.clone()))
            .route(OTHER, post(handler))
    }

    /// The layer alone.
    pub(crate) fn layer(&self) -> LegacyHttpCompatLayer {
        let flag = CompatFlag::new("compat", self.flag == Flag::On);
        if self.flag == Flag::Retired {
            flag.retire();
        }
        LegacyHttpCompatLayer::new(self.contract(), flag.reader())
            .body_limit(128 * 1024)
            .rehearse_one_in(self.rehearse_one_in)
    }

    /// The layer with the Core example's detector, census, metrics and rollout.
    pub(crate) fn complete(&self) -> LegacyHttpCompatLayer {
        let phase = if self.flag == Flag::On {
            Phase::Compat
        } else {
            Phase::Observe
        };
        let migration = Migration::builder(self.contract(), detector())
            .flag_name("compat")
            .policy(Policy::permissive())
            .opening_phase(phase)
            .without_worker()
            .open()
            .expect("in memory");
        let layer = migration.layer().body_limit(128 * 1024);
        let layer = layer.rehearse_one_in(self.rehearse_one_in);
        // The rollout ends with its migration; the measured code is the layer's.
        std::mem::forget(Arc::new(migration));
        layer
    }

    fn contract(&self) -> Contract {
        if self.outcomes == 0 {
            return Contract::device_flow();
        }
        let template = Template::object([("code", "OLD")]);
        let outcome = |number: usize| {
            Outcome::new(format!("S{number}"), 200)
                .field("/status", format!("S{number}"))
                .legacy(LegacyShape::new(400).json(template.clone()))
        };
        let outcomes = (0..self.outcomes - 1).map(outcome);
        // The one that is met has no shape: what is measured is how it is found.
        let last = format!("S{}", self.outcomes - 1);
        let last = Outcome::new(last.clone(), 200).field("/status", last);
        let endpoint = outcomes
            .chain([last])
            .fold(Endpoint::post("poll", POLL), Endpoint::outcome);
        Contract::builder()
            .endpoint(endpoint)
            .build()
            .expect("the outcomes differ")
    }

    pub(crate) fn requests<B: Default>(&self) -> impl FnMut() -> Request<B> {
        let (path, new_callers, headers) = (self.path, self.new_callers, request_headers());
        let mut number = 1_000_000_u64;
        move || {
            let mut request = request(path);
            (*request.headers_mut()).clone_from(&headers);
            if new_callers {
                number += 1;
                let id = HeaderValue::try_from(format!("agent-{number}-hamburg")).expect("ASCII");
                request.headers_mut().insert("x-client-id", id);
            }
            request
        }
    }
}

/// The head of a request by one client, with eleven headers.
fn request_headers() -> HeaderMap {
    let mut headers = HeaderMap::with_capacity(24);
    for (name, value) in [
        ("host", "core.example"),
        ("user-agent", "core-agent/1.4.0"),
        ("accept", "application/json"),
        ("accept-encoding", "gzip, br"),
        ("content-type", "application/json"),
        ("content-length", "48"),
        (
            "traceparent",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ),
        ("x-correlation-id", "8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0"),
        ("x-client-kind", "AGENT"),
        ("x-client-version", "1.4.0"),
        ("x-client-id", "agent-0017-berlin"),
    ] {
        headers.insert(name, HeaderValue::from_static(value));
    }
    headers
}
