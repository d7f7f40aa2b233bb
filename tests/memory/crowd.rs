//! Ten thousand requests at once, among them all that can go wrong, while the flag flips and the contract is replaced: each
//! response is of one shape and one version, all are counted, and their memory is given back.

use std::{
    collections::VecDeque,
    panic::resume_unwind,
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use http::{Request, Response};
use http_body::{Body, Frame, SizeHint};
use http_body_util::BodyExt as _;
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer, LiveContract,
    contract::{Endpoint, LegacyShape, Outcome},
    metrics::Metrics,
    observation::{Observation, Observe},
};
use serde_json::{Value, json};
use tokio::{runtime, sync::Semaphore, task::JoinSet};
use tower::{Layer as _, ServiceExt as _, service_fn};

use super::{alone, in_use};

const FLIPS: usize = 1_000;
const REPLACEMENTS: usize = 100;
const TARGET: &str = r#"{"status":"PENDING"}"#;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Fate {
    Whole,
    InTwoFrames,
    /// The body says that it has fewer bytes.
    Lying,
    /// The body ends in an error, behind all that decides.
    Broken,
    /// The body ends in an error, before anything is decided.
    BrokenEarly,
    Failing,
    Panicking,
    /// The service never responds.
    Silent,
    /// The body stalls, and the client leaves.
    Stalled,
}

const FATES: [Fate; 9] = [
    Fate::Whole,
    Fate::InTwoFrames,
    Fate::Lying,
    Fate::Broken,
    Fate::BrokenEarly,
    Fate::Failing,
    Fate::Panicking,
    Fate::Silent,
    Fate::Stalled,
];

impl Fate {
    fn of(request: usize) -> Self {
        FATES[request % FATES.len()]
    }

    fn is_observed(self) -> bool {
        !matches!(
            self,
            Self::Failing | Self::Panicking | Self::Silent | Self::Stalled
        )
    }

    fn body(self) -> Frames {
        let (first, second) = TARGET.split_at(9);
        let frames = match self {
            Self::InTwoFrames => vec![Ok(first), Ok(second)],
            Self::Broken => vec![Ok(TARGET), Err("reset")],
            Self::BrokenEarly => vec![Ok(first), Err("reset")],
            Self::Stalled => vec![Ok(first)],
            _ => vec![Ok(TARGET)],
        };
        let hint = match self {
            Self::Whole => SizeHint::with_exact(TARGET.len() as u64),
            Self::Lying => SizeHint::with_exact(3),
            _ => SizeHint::default(),
        };
        Frames {
            left: frames.into(),
            hint,
            stalls: self == Self::Stalled,
        }
    }
}

struct Frames {
    left: VecDeque<Result<&'static str, &'static str>>,
    hint: SizeHint,
    stalls: bool,
}

impl Body for Frames {
    type Data = Bytes;
    type Error = &'static str;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, &'static str>>> {
        match self.left.pop_front() {
            None if self.stalls => Poll::Pending,
            frame => {
                Poll::Ready(frame.map(|frame| {
                    frame.map(|text| Frame::data(Bytes::from_static(text.as_bytes())))
                }))
            }
        }
    }

    fn size_hint(&self) -> SizeHint {
        self.hint
    }
}

/// Responses counted by shape: target, legacy.
#[derive(Debug, Default)]
struct Counts([AtomicU64; 2]);

impl Counts {
    fn count(&self, is_legacy: bool) {
        self.0[usize::from(is_legacy)].fetch_add(1, Relaxed);
    }

    fn all(&self) -> [u64; 2] {
        self.0.each_ref().map(|count| count.load(Relaxed))
    }
}

impl Observe for Counts {
    fn observe(&self, observation: &Observation<'_>) {
        self.count(observation.shape().is_legacy());
    }
}

/// The legacy response names the version in its header and in its body.
fn contract(version: usize) -> Contract {
    let shape = LegacyShape::new(400)
        .set_header("x-version", version.to_string())
        .json(json!({"version": version}));
    let pending = Outcome::new("PENDING", 200)
        .field("/status", "PENDING")
        .legacy(shape);
    Contract::builder()
        .endpoint(Endpoint::post("poll", "/poll").outcome(pending))
        .build()
        .unwrap()
}

struct Crowd {
    flag: CompatFlag,
    contract: LiveContract,
    metrics: Arc<Metrics>,
    observed: Arc<Counts>,
    received: Counts,
    layer: LegacyHttpCompatLayer,
    /// Requests that may begin, and those whose service may respond.
    begun: Semaphore,
    served: Semaphore,
    /// Gets permits when the clients of what never ends leave.
    left: Semaphore,
}

impl Crowd {
    fn new() -> Arc<Self> {
        let (flag, contract) = (
            CompatFlag::new("compat", false),
            LiveContract::new(contract(0)),
        );
        let (metrics, observed) = (Arc::new(Metrics::new()), Arc::new(Counts::default()));
        let layer = LegacyHttpCompatLayer::new(contract.clone(), flag.reader())
            .peek_timeout(Duration::from_secs(600))
            .observer(metrics.clone())
            .observer(observed.clone());
        let [begun, served, left] = [(); 3].map(|()| Semaphore::new(0));
        Arc::new(Self {
            flag,
            contract,
            metrics,
            observed,
            received: Counts::default(),
            layer,
            begun,
            served,
            left,
        })
    }

    /// All requests are begun during the first half of the flips, and served during the second.
    async fn operate(&self, requests: usize) {
        for flip in 0..FLIPS {
            self.flag.set(flip % 2 == 0);
            if flip.is_multiple_of(FLIPS / REPLACEMENTS) {
                self.contract.replace(contract(flip));
            }
            let permits = if flip < FLIPS / 2 {
                &self.begun
            } else {
                &self.served
            };
            permits.add_permits(requests / (FLIPS / 2));
            while permits.available_permits() > 0 {
                tokio::task::yield_now().await;
            }
        }
    }

    async fn request(self: Arc<Self>, fate: Fate) {
        self.begun.acquire().await.unwrap().forget();
        let served = &self.served;
        let inner = service_fn(|_: Request<()>| async move {
            served.acquire().await.unwrap().forget();
            match fate {
                Fate::Failing => Err("refused"),
                Fate::Panicking => resume_unwind(Box::new("of the service")),
                Fate::Silent => std::future::pending().await,
                _ => Ok(Response::builder()
                    .header("content-type", "application/json")
                    .body(fate.body())
                    .unwrap()),
            }
        });
        let response = self
            .layer
            .layer(inner)
            .oneshot(Request::post("/poll").body(()).unwrap());
        if matches!(fate, Fate::Silent | Fate::Stalled) {
            return tokio::select! {
                _ = response => panic!("{fate:?} has a response"),
                _ = self.left.acquire() => {}
            };
        }
        match response.await {
            Ok(response) => self.received.count(is_legacy(response, fate).await),
            Err(error) => assert_eq!((fate, error), (Fate::Failing, "refused")),
        }
    }
}

/// The shape of a response, which is of one shape and one version.
async fn is_legacy<B>(response: Response<B>, fate: Fate) -> bool
where
    B: Body<Data = Bytes, Error = &'static str> + Unpin,
{
    let (head, body) = response.into_parts();
    let body = body
        .collect()
        .await
        .map(http_body_util::Collected::to_bytes);
    let Some(version) = head.headers.get("x-version") else {
        assert_eq!(head.status, 200);
        match fate {
            Fate::Broken | Fate::BrokenEarly => assert_eq!(body.unwrap_err(), "reset"),
            _ => assert_eq!(body.unwrap(), TARGET),
        }
        return false;
    };
    let tree: Value = serde_json::from_slice(&body.unwrap()).unwrap();
    assert_eq!(head.status, 400);
    assert_eq!(tree["version"].to_string(), version.to_str().unwrap());
    true
}

fn serve(requests: usize) {
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_time()
        .build()
        .unwrap();
    runtime.block_on(async {
        let crowd = Crowd::new();
        let mut tasks = JoinSet::new();
        for request in 0..requests {
            tasks.spawn(crowd.clone().request(Fate::of(request)));
        }
        crowd.operate(requests).await;
        crowd.left.add_permits(requests);
        let mut panicked = 0;
        while let Some(ended) = tasks.join_next().await {
            panicked += usize::from(ended.is_err());
        }
        let fates = || (0..requests).map(Fate::of);
        assert_eq!(
            panicked,
            fates().filter(|fate| *fate == Fate::Panicking).count()
        );
        let observed = crowd.observed.all();
        assert_eq!(observed, crowd.received.all());
        assert_eq!(
            observed.iter().sum::<u64>(),
            fates().filter(|fate| fate.is_observed()).count() as u64
        );
        assert_eq!(
            crowd.metrics.snapshot().total_responses(),
            observed.iter().sum::<u64>()
        );
        assert!(observed.iter().all(|count| *count > 0), "{observed:?}");
    });
}

#[test]
fn ten_thousand_requests_at_once_are_each_of_one_shape_and_one_version_and_leave_nothing() {
    let _alone = alone();
    // What is made once: the thread of the timer, tables of the runtime.
    serve(1_000);
    let before = in_use();
    serve(10_000);
    let left = in_use().saturating_sub(before);
    assert!(left < 64 << 10, "{left} bytes are left");
}
