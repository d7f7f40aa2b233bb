//! Any bytes are an error or a census that works.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
#[path = "../sealed.rs"]
mod sealed;

use std::sync::Arc;

use legacy_http_compat::{
    caller::{Caller, Fingerprint, FingerprintKey, Generation, Kind, SignalDetector},
    census::{CallerEvent, Census, CensusBuilder, Dependence, EndpointSlot, ListQuery, Window},
    time::ManualClock,
    worker::Tick,
};

const NOW: u64 = 1_800_000_000_000;

fn builder() -> CensusBuilder {
    let clock = Arc::new(ManualClock::new(NOW));
    let detector = SignalDetector::builder(["AGENT", "MCP"]).kind_header("x-client-kind");
    let detector = detector
        .build(&FingerprintKey::new([7; 16]))
        .expect("these settings are valid");
    Census::builder(&detector).clock(clock)
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a [u8];

pub(crate) fn run(bytes: Input<'_>) {
    let _ = builder().open_bytes(bytes);
    let Ok(census) = builder().open_bytes(&crate::sealed::sealed(bytes)) else {
        return;
    };
    census.record(&CallerEvent {
        caller: Caller::new(Kind::OTHER, Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(1)),
        endpoint: EndpointSlot::OTHER,
        dependence: Dependence::Stranded,
        failed: false,
    });
    census.tick();
    for window in Window::STANDARD {
        let report = census.report(window);
        assert!((0.0..=1.0).contains(&report.coverage.ratio));
    }
    let _ = census.list(&ListQuery::new(Window::MONTH));
    let again = census.to_bytes().expect("in memory");
    assert!(builder().open_bytes(&again).is_ok());
}
