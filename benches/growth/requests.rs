//! The layer beside a plain tower service, by size of the contract and of the response.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response, header::CONTENT_TYPE};
use http_body_util::Full;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    contract::{Endpoint, LegacyShape, Outcome, Template},
};
use tower::{Layer as _, Service, ServiceExt};

use crate::{
    measure::{Effort, fastest, time},
    panel::{Line, Panel, Unit},
    support::{POLL, Plain, exchange, layer, request, response, response_status_last},
};

const OPERATIONS: usize = 500;

pub(crate) fn endpoints(effort: Effort) -> Panel {
    let cost = |number| {
        let contract = (0..number)
            .map(|number| endpoint(format!("/api/v1/things/{number}/state"), number, 2))
            .fold(Contract::builder(), |builder, endpoint| {
                builder.endpoint(endpoint)
            });
        let layer = layer_of(contract.build().expect("the paths differ"));
        let path = format!("/api/v1/things/{}/state", number - 1).leak();
        added(effort, &layer, path, &Plain(response("S1", 40)))
    };
    let numbers = effort.sizes([1, 10, 100, 1_000]);
    Panel {
        title: "Not rewritten",
        of: "endpoints",
        unit: Unit::Nanoseconds,
        lines: vec![Line::new("not rewritten", numbers, cost)],
    }
}

pub(crate) fn outcomes(effort: Effort) -> Panel {
    let cost = |number| {
        let contract = Contract::builder().endpoint(endpoint(POLL.to_owned(), 0, number));
        let layer = layer_of(contract.build().expect("the outcomes differ"));
        let last = format!("S{}", number - 1);
        added(effort, &layer, POLL, &Plain(response(&last, 40)))
    };
    Panel {
        title: "Not rewritten",
        of: "outcomes of the status",
        unit: Unit::Nanoseconds,
        lines: vec![Line::new(
            "not rewritten",
            effort.sizes([1, 3, 10, 30, 100]),
            cost,
        )],
    }
}

pub(crate) fn response_headers(effort: Effort) -> Panel {
    let cost = |status| {
        move |number| {
            let headers = headers(number);
            let service = ServiceExt::<Request<()>>::map_response(
                Plain(response(status, 40)),
                move |mut response: Response<_>| {
                    response.headers_mut().clone_from(&headers);
                    response
                },
            );
            added(effort, &layer(true), POLL, &service)
        }
    };
    let numbers = || effort.sizes([3, 10, 20, 40]);
    Panel {
        title: "With and without rewriting",
        of: "response headers",
        unit: Unit::Nanoseconds,
        lines: vec![
            Line::new("rewritten", numbers(), cost("PENDING")),
            Line::new("not rewritten", numbers(), cost("APPROVED")),
        ],
    }
}

pub(crate) fn bodies(effort: Effort) -> Panel {
    let sizes = || effort.sizes([40, 256, 1_024, 8_192, 65_536]);
    let cost = |make: fn(&str, usize) -> Bytes| {
        move |size| added(effort, &layer(true), POLL, &Plain(make("PENDING", size)))
    };
    Panel {
        title: "Rewritten",
        of: "bytes of the body",
        unit: Unit::Microseconds,
        lines: vec![
            Line::new("field first", sizes(), cost(response)),
            Line::new("field last", sizes(), cost(response_status_last)),
        ],
    }
}

fn headers(number: usize) -> HeaderMap {
    let extra = (1..number).map(|number| HeaderName::try_from(format!("x-extra-{number}")));
    let extra = extra.map(|name| name.expect("a token"));
    let extra = extra.map(|name| (name, HeaderValue::from_static("1")));
    let json = (CONTENT_TYPE, HeaderValue::from_static("application/json"));
    [json].into_iter().chain(extra).collect()
}

/// An endpoint of which all outcomes but the last have legacy shapes.
fn endpoint(path: String, number: usize, outcomes: usize) -> Endpoint {
    let template = Template::object([("code", "OLD")]);
    let with_shape = |number: usize| {
        Outcome::new(format!("S{number}"), 200)
            .field("/status", format!("S{number}"))
            .legacy(LegacyShape::new(400).json(template.clone()))
    };
    let last = format!("S{}", outcomes - 1);
    let last = Outcome::new(last.clone(), 200).field("/status", last);
    (0..outcomes - 1).map(with_shape).chain([last]).fold(
        Endpoint::post(format!("e{number}"), path),
        Endpoint::outcome,
    )
}

fn layer_of(contract: Contract) -> LegacyHttpCompatLayer {
    LegacyHttpCompatLayer::new(contract, CompatFlag::new("f", true).reader())
}

/// What the layer adds to a response, in nanoseconds.
fn added<S>(effort: Effort, layer: &LegacyHttpCompatLayer, path: &'static str, service: &S) -> f64
where
    S: Service<Request<()>, Response = Response<Full<Bytes>>, Error = Infallible> + Clone,
{
    let with = cost(effort, layer.layer(service.clone()), path);
    (with - cost(effort, service.clone(), path)).max(0.0)
}

fn cost<S, B>(effort: Effort, mut service: S, path: &'static str) -> f64
where
    S: Service<Request<()>, Response = Response<B>, Error = Infallible>,
    B: http_body::Body + Unpin,
{
    let operations = effort.operations(OPERATIONS);
    fastest(effort, operations, || {
        let requests: Vec<_> = (0..operations).map(|_| request(path)).collect();
        time(|| {
            for request in requests {
                exchange(&mut service, request);
            }
        })
    })
}
