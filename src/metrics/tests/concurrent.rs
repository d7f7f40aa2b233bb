//! Many threads at once.

use std::{
    sync::{Arc, Barrier},
    thread,
};

use super::app::{APPROVED, PENDING, ask, contract, count, layer};
use crate::{contract::LiveContract, flag::CompatFlag, metrics::Metrics, observation::Shape};

const THREADS: usize = 4;
const EACH: usize = 2_000;
/// Of all threads.
const ANSWERS: u64 = 8_000;

#[test]
fn counting_at_once_loses_nothing_not_even_first_responses_while_the_contract_is_replaced() {
    let (flag, metrics) = (CompatFlag::new("f", true), Arc::new(Metrics::new()));
    let live = LiveContract::new(contract(["poll"]));
    let shared = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
    let start = Barrier::new(THREADS);
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                // Kinds of its own as well, so that the threads bind at the same moment.
                let own = layer(live.clone(), flag.reader(), &["AGENT"], &metrics);
                start.wait();
                for n in 0..EACH {
                    let layer = if n % 2 == 0 { &own } else { &shared };
                    ask(
                        layer,
                        "poll",
                        "AGENT",
                        if n % 4 < 2 { PENDING } else { APPROVED },
                    );
                    if n % 500 == 0 {
                        live.replace(contract(["poll"]));
                    }
                }
            });
        }
    });
    let pending = |shape| count(&metrics, "poll", "PENDING", "AGENT", shape);
    assert_eq!(pending(Shape::Legacy), Some(ANSWERS / 2));
    assert_eq!(metrics.snapshot().total_responses(), ANSWERS);
}
