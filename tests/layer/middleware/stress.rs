//! Real threads: responses pass while the flag flips.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst},
    },
    thread,
};

use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer, observation::Shape};

use super::{
    PENDING,
    exchange::{json, respond},
    observed::Notes,
    poll,
    scripted::{Scripted, read},
};

const WORKERS: usize = 4;
const FLIPS: usize = 100;

/// What the threads tell each other.
#[derive(Default)]
struct Shared {
    /// Odd while no thread has begun to switch on since `set(false)` returned.
    epoch: AtomicUsize,
    answered: AtomicUsize,
    done: AtomicBool,
}

impl Shared {
    /// Waits until each worker must have served a response from its beginning to its end.
    fn let_responses_pass(&self) {
        let enough = self.answered.load(SeqCst) + 3 * WORKERS;
        while self.answered.load(SeqCst) < enough {
            assert!(!self.done.load(SeqCst), "a worker failed");
            thread::yield_now();
        }
    }
}

/// Tells the others when a thread fails, so that none waits for it.
struct Done<'s>(&'s Shared);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.done.store(true, SeqCst);
    }
}

/// One response, checked to be all of one shape, and counted as what it was.
async fn one_response(layer: &LegacyHttpCompatLayer, notes: &Notes, split: bool) -> Shape {
    let body = if split {
        Scripted::frames([&PENDING[..7], &PENDING[7..]])
    } else {
        Scripted::one(PENDING)
    };
    let response = respond(layer, poll(), json(200, body)).await;
    let (status, challenged) = (
        response.status().as_u16(),
        response.headers().contains_key("www-authenticate"),
    );
    let body = read(response.into_body()).await;
    let shape = notes.take().1;
    match shape {
        Shape::Target => {
            assert_eq!((status, challenged), (200, false));
            assert_eq!(body, PENDING.as_bytes());
        }
        Shape::Legacy => {
            assert_eq!((status, challenged), (401, true));
            let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
            assert_eq!(body["code"], "AUTHORIZATION_PENDING");
        }
    }
    shape
}

fn work(flag: &CompatFlag, shared: &Shared, worker: usize) -> [usize; 2] {
    let _done = Done(shared);
    let notes = Notes::default();
    let layer = LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader())
        .observer(Arc::new(notes.clone()));
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let mut counts = [0, 0];
    while !shared.done.load(SeqCst) {
        let epoch = shared.epoch.load(SeqCst);
        let shape = runtime.block_on(one_response(&layer, &notes, worker.is_multiple_of(2)));
        let off_all_along = epoch % 2 == 1 && shared.epoch.load(SeqCst) == epoch;
        assert!(!(off_all_along && shape.is_legacy()), "rewritten while off");
        counts[usize::from(shape.is_legacy())] += 1;
        shared.answered.fetch_add(1, SeqCst);
    }
    counts
}

fn flip(flag: &CompatFlag, shared: &Shared) {
    let _done = Done(shared);
    for _ in 0..FLIPS {
        shared.let_responses_pass();
        flag.set(false);
        shared.epoch.fetch_add(1, SeqCst);
        shared.let_responses_pass();
        shared.epoch.fetch_add(1, SeqCst);
        flag.set(true);
    }
}

#[test]
fn while_the_flag_flips_each_response_is_all_of_one_shape_and_none_is_legacy_after_it_went_off() {
    let flag = CompatFlag::new("compat", true);
    let shared = Shared::default();
    let counts: Vec<[usize; 2]> = thread::scope(|scope| {
        let (flag, shared) = (&flag, &shared);
        let workers: Vec<_> = (0..WORKERS)
            .map(|n| scope.spawn(move || work(flag, shared, n)))
            .collect();
        flip(flag, shared);
        workers
            .into_iter()
            .map(|worker| worker.join().unwrap())
            .collect()
    });
    let total = |shape: usize| counts.iter().map(|count| count[shape]).sum::<usize>();
    assert!(total(0) >= FLIPS, "target answers: {}", total(0));
    assert!(total(1) >= FLIPS, "legacy answers: {}", total(1));
}
