//! For arbitrary responses: one that is not rewritten is the same in all that a client can see, and one that is rewritten
//! is valid JSON with exact framing.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Request, Response};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    observation::{Shape, SkipReason},
};
use proptest::{collection::vec, option, prelude::*, sample::select};

use crate::{
    exchange::{request, respond},
    observed::Notes,
    scripted::{Pieces, Scripted, Sight, Size, Step, record},
};

const LIMIT: usize = 128;

/// A step of a body that can be made as often as needed.
#[derive(Clone, Debug)]
enum PlannedStep {
    Data(Vec<u8>),
    Trailers(u16),
    Error,
    Pending,
}

/// A response that can be made as often as needed.
#[derive(Clone, Debug)]
struct Planned {
    status: u16,
    headers: Vec<(&'static str, &'static str)>,
    steps: Vec<PlannedStep>,
    size: Size,
    announces_end: bool,
    /// The length of the pieces of each frame's data; in one piece if none.
    pieces: Option<usize>,
}

impl Planned {
    fn response<D>(&self, data: impl Fn(&[u8]) -> D) -> Response<Scripted<D>>
    where
        D: bytes::Buf,
    {
        let steps = self.steps.iter().map(|step| match step {
            PlannedStep::Data(bytes) => Step::Data(data(bytes)),
            PlannedStep::Trailers(value) => Step::Trailers(HeaderMap::from_iter([(
                HeaderName::from_static("x-sum"),
                HeaderValue::from(*value),
            )])),
            PlannedStep::Error => Step::Error("reset"),
            PlannedStep::Pending => Step::Pending,
        });
        let mut body = Scripted::playing(steps).size(self.size);
        if !self.announces_end {
            body = body.never_announces_end();
        }
        let mut response = Response::new(body);
        *response.status_mut() = self.status.try_into().unwrap();
        for (name, value) in &self.headers {
            let value = HeaderValue::from_static(value);
            response.headers_mut().append(*name, value);
        }
        response.extensions_mut().insert("an extension");
        response
    }
}

/// All that a client can see of a response.
#[derive(Clone, Debug, PartialEq)]
struct Sighted {
    status: u16,
    headers: Vec<(HeaderName, HeaderValue)>,
    extension: Option<&'static str>,
    body: Vec<Sight>,
}

async fn sighted<B>(response: Response<B>) -> Sighted
where
    B: http_body::Body<Error: std::fmt::Display> + Unpin,
{
    let (head, body) = response.into_parts();
    let headers = head
        .headers
        .iter()
        .map(|(name, value)| (name.clone(), value.clone()));
    Sighted {
        status: head.status.as_u16(),
        headers: headers.collect(),
        extension: head.extensions.get().copied(),
        body: record(body).await,
    }
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap()
        .block_on(future)
}

fn layer(active: bool) -> (LegacyHttpCompatLayer, Notes) {
    let (flag, notes) = (CompatFlag::new("compat", active), Notes::default());
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader());
    (
        layer.body_limit(LIMIT).observer(Arc::new(notes.clone())),
        notes,
    )
}

/// The response without the layer and with it.
fn both(layer: &LegacyHttpCompatLayer, asked: Request<()>, planned: &Planned) -> [Sighted; 2] {
    run(async {
        if let Some(pieces) = planned.pieces {
            let made = || planned.response(|data| Pieces::of(data, pieces));
            [
                sighted(made()).await,
                sighted(respond(layer, asked, made()).await).await,
            ]
        } else {
            let made = || planned.response(Bytes::copy_from_slice);
            [
                sighted(made()).await,
                sighted(respond(layer, asked, made()).await).await,
            ]
        }
    })
}

fn poll() -> Request<()> {
    request("POST", "/api/v1/auth/clients/device/poll")
}

fn header_line() -> impl Strategy<Value = (&'static str, &'static str)> {
    select(vec![
        ("content-type", "application/json"),
        ("content-type", "application/problem+json; charset=utf-8"),
        ("content-type", "text/html"),
        ("content-encoding", "identity"),
        ("content-encoding", "br"),
        ("content-length", "33"),
        ("etag", "\"e\""),
        ("last-modified", "Thu, 31 Oct 2024 23:59:59 GMT"),
        ("trailer", "x-sum"),
        ("content-digest", "sha-256=:AA==:"),
        ("signature", "a=:AA==:"),
        ("set-cookie", "a=1"),
        ("set-cookie", "b=2"),
        ("link", "</next>; rel=next"),
        ("vary", "accept"),
        ("www-authenticate", "Basic"),
        ("x-other", "1"),
    ])
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let known = select(vec![
        r#"{"status":"PENDING","interval":5}"#,
        r#"{"interval":null,"status":"PENDING"}"#,
        r#" {"status" : "DENIED"} "#,
        r#"{"status":"EXPIRED","more":[1,2,{"status":"PENDING"}]}"#,
        r#"{"status":"APPROVED","client_id":"c","client_kind":"AGENT","secret_key":"s3cr3t"}"#,
        r#"{"status":"NEW"}"#,
        r#"{"code":"INVALID_DEVICE_CODE"}"#,
        r#"{"status":"PEN"#,
        r#"{"status":PENDING}"#,
    ]);
    let padded = (0..2 * LIMIT).prop_map(|pad| {
        format!(r#"{{"pad":"{}","status":"PENDING"}}"#, "x".repeat(pad)).into_bytes()
    });
    prop_oneof![
        6 => known.prop_map(|text| text.as_bytes().to_vec()),
        1 => padded,
        1 => vec(any::<u8>(), 0..2 * LIMIT),
    ]
}

/// A text cut at arbitrary places, some of them the same, so that there are empty frames.
fn frames() -> impl Strategy<Value = Vec<PlannedStep>> {
    (text(), vec(any::<prop::sample::Index>(), 0..5)).prop_map(|(text, cuts)| {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
        cuts.extend([0, text.len()]);
        cuts.sort_unstable();
        cuts.windows(2)
            .map(|cut| PlannedStep::Data(text[cut[0]..cut[1]].to_vec()))
            .collect()
    })
}

fn steps() -> impl Strategy<Value = Vec<PlannedStep>> {
    let extra = (
        any::<prop::sample::Index>(),
        select(vec![
            PlannedStep::Pending,
            PlannedStep::Pending,
            PlannedStep::Error,
        ]),
    );
    (
        frames(),
        vec(extra, 0..3),
        option::weighted(0.3, any::<u16>()),
    )
        .prop_map(|(mut steps, extras, trailers)| {
            for (at, extra) in extras {
                steps.insert(at.index(steps.len() + 1), extra);
            }
            steps.extend(trailers.map(PlannedStep::Trailers));
            steps
        })
}

fn size() -> impl Strategy<Value = Size> {
    let fixed = (0..2 * LIMIT as u64, option::of(0..1000_u64));
    prop_oneof![
        Just(Size::Unknown),
        Just(Size::Exact),
        Just(Size::AtLeastHalf),
        fixed.prop_map(|(lower, upper)| Size::Fixed { lower, upper }),
    ]
}

fn planned() -> impl Strategy<Value = Planned> {
    let status =
        prop_oneof![4 => Just(200), 1 => select(vec![400, 429, 204, 304, 101]), 1 => 100..600_u16];
    let headers =
        (prop::bool::weighted(0.8), vec(header_line(), 0..6)).prop_map(|(json, mut lines)| {
            if json {
                lines.insert(0, ("content-type", "application/json"));
            }
            lines
        });
    let pieces = option::weighted(0.3, 1..8_usize);
    (status, headers, steps(), size(), any::<bool>(), pieces).prop_map(
        |(status, headers, steps, size, announces_end, pieces)| Planned {
            status,
            headers,
            steps,
            size,
            announces_end,
            pieces,
        },
    )
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1024) })]

    #[test]
    fn a_response_that_is_not_rewritten_is_the_same_in_all_that_a_client_can_see(
        planned in planned(), active in any::<bool>(),
    ) {
        let (layer, notes) = layer(active);
        let [without, with] = both(&layer, poll(), &planned);
        let seen = notes.only();
        prop_assert_eq!(seen.target_status, planned.status);
        if seen.shape == Shape::Target {
            prop_assert_eq!(with, without);
        } else {
            prop_assert!(active);
            prop_assert_ne!(with.status, without.status);
        }
    }

    #[test]
    fn a_response_to_a_request_outside_the_contract_is_the_same_in_all_that_a_client_can_see(
        planned in planned(), active in any::<bool>(),
        asked in select(vec![
            ("GET", "/api/v1/auth/clients/device/poll"), ("HEAD", "/api/v1/auth/clients/device/poll"),
            ("POST", "/"), ("POST", "/api/v1/auth/clients/device/poll/more"),
        ]),
    ) {
        let (layer, notes) = layer(active);
        let [without, with] = both(&layer, request(asked.0, asked.1), &planned);
        prop_assert_eq!(with, without);
        prop_assert_eq!(notes.all(), []);
    }

    #[test]
    fn a_response_that_cannot_be_decided_is_counted_with_its_reason(planned in planned()) {
        let (layer, notes) = layer(true);
        let [without, with] = both(&layer, poll(), &planned);
        let seen = notes.only();
        if seen.outcome == "undetermined" {
            prop_assert_eq!(seen.shape, Shape::Target);
            prop_assert_eq!(with, without);
            prop_assert!(seen.undetermined.is_some_and(|reason| reason != SkipReason::MissingValue));
            prop_assert_eq!(seen.skip, seen.undetermined.filter(|_| seen.dependent));
            // Only outcomes of 200 have a legacy shape.
            prop_assert_eq!(seen.dependent, planned.status == 200);
        } else {
            prop_assert_eq!(seen.undetermined, None);
        }
    }
}
