//! All interleavings of responses with a flip of the flag and with the replacement of the contract.

use std::{
    convert::Infallible,
    future::{self, Ready},
    pin::pin,
    sync::{Arc, Mutex},
    task::{Context, Poll, Waker},
};

use bytes::Bytes;
use http::{Request, Response};
use http_body_util::Full;
use loom::{
    sync::atomic::{AtomicBool, Ordering},
    thread,
};
use tower::{Layer, Service, service_fn};

use super::LegacyHttpCompatLayer;
use crate::{
    contract::{Contract, Endpoint, LegacyShape, LiveContract, Outcome},
    flag::{CompatFlag, FlagReader},
    observation::{Observation, Observe, Shape},
};

/// A version of the contract, and the shape in which a response left.
type Left = (&'static str, Shape);

const FIRST: (&str, u16) = ("FIRST", 404);
const SECOND: (&str, u16) = ("SECOND", 403);

fn contract((version, status): (&str, u16)) -> Contract {
    let legacy = LegacyShape::new(status)
        .set_header("x-version", version)
        .json(serde_json::json!({ "version": version }));
    Contract::builder()
        .endpoint(
            Endpoint::post("order", "/order").outcome(Outcome::new(version, 200).legacy(legacy)),
        )
        .build()
        .expect("the contract is valid")
}

/// What the observer saw last.
#[derive(Default)]
struct Last(Mutex<Option<(String, Shape)>>);

impl Observe for Last {
    fn observe(&self, observation: &Observation<'_>) {
        let seen = (observation.outcome().to_owned(), observation.shape());
        *self.0.lock().unwrap() = Some(seen);
    }
}

type Handler = fn(Request<()>) -> Ready<Result<Response<Full<Bytes>>, Infallible>>;

struct Caller<S> {
    service: S,
    last: Arc<Last>,
}

fn caller(
    contract: LiveContract,
    flag: FlagReader,
) -> Caller<impl Service<Request<()>, Response = Response<super::ResponseBody<Full<Bytes>>>>> {
    let last = Arc::new(Last::default());
    let handler: Handler = |_| future::ready(Ok(Response::new(Full::default())));
    let service = LegacyHttpCompatLayer::new(contract, flag)
        .rehearse_one_in(0)
        .observer(last.clone())
        .layer(service_fn(handler));
    Caller { service, last }
}

impl<S> Caller<S>
where
    S: Service<Request<()>, Response = Response<super::ResponseBody<Full<Bytes>>>>,
{
    /// The version and shape of one response, which are those of its status, header and body, and of its observation.
    fn call(&mut self) -> Left {
        let request = Request::post("/order").body(()).unwrap();
        let mut response = pin!(self.service.call(request));
        let poll = response
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop()));
        let Poll::Ready(Ok(response)) = poll else {
            panic!("the response is there at once");
        };
        let (version, shape) = self.last.0.lock().unwrap().take().expect("observed");
        let (version, status) = if version == FIRST.0 { FIRST } else { SECOND };
        let header = response.headers().get("x-version");
        let header = header.map(|value| value.to_str().unwrap().to_owned());
        let length = http_body::Body::size_hint(response.body()).exact();
        let expected = match shape {
            Shape::Target => (200, None, 0),
            Shape::Legacy => (
                status,
                Some(version.to_owned()),
                format!(r#"{{"version":"{version}"}}"#).len() as u64,
            ),
        };
        let left = (response.status().as_u16(), header, length.unwrap());
        assert_eq!(left, expected, "one shape of one version");
        (version, shape)
    }
}

#[test]
fn each_response_is_of_one_contract_and_none_of_an_earlier_one() {
    let (first, second) = (contract(FIRST), contract(SECOND));
    loom::model(move || {
        let live = LiveContract::new(first.clone());
        let flag = CompatFlag::on("f");
        let mut caller = caller(live.clone(), flag.reader());
        let new = second.clone();
        let replacing = thread::spawn(move || live.replace(new));
        let versions = [caller.call().0, caller.call().0];
        assert_ne!(versions, [SECOND.0, FIRST.0], "the first one came back");
        replacing.join().expect("the thread does not panic");
        assert_eq!(caller.call(), (SECOND.0, Shape::Legacy));
    });
}

#[test]
fn once_a_flip_has_returned_no_response_is_rewritten() {
    let first = contract(FIRST);
    loom::model(move || {
        let live = LiveContract::new(first.clone());
        let flag = CompatFlag::on("f");
        let mut caller = caller(live.clone(), flag.reader());
        let returned = Arc::new(AtomicBool::new(false));
        let returns = Arc::clone(&returned);
        let flipping = thread::spawn(move || {
            flag.set(false);
            returns.store(true, Ordering::Release);
        });
        let had_returned = returned.load(Ordering::Acquire);
        let (_, shape) = caller.call();
        assert!(!had_returned || shape == Shape::Target);
        flipping.join().expect("the thread does not panic");
        assert_eq!(caller.call().1, Shape::Target);
    });
}

#[test]
fn who_sees_the_flip_is_served_by_the_contract_that_preceded_it() {
    let (first, second) = (contract(FIRST), contract(SECOND));
    loom::model(move || {
        let live = LiveContract::new(first.clone());
        let flag = CompatFlag::on("f");
        let mut caller = caller(live.clone(), flag.reader());
        let new = second.clone();
        let changing = thread::spawn(move || {
            live.replace(new);
            flag.set(false);
        });
        let (_, shape) = caller.call();
        if shape == Shape::Target {
            assert_eq!(caller.call(), (SECOND.0, Shape::Target));
        }
        changing.join().expect("the thread does not panic");
    });
}
