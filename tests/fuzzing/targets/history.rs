//! Any bytes are an error or a history that works.

#![cfg_attr(fuzzing, no_main)]

#[cfg(fuzzing)]
#[path = "../sealed.rs"]
mod sealed;

use std::sync::Arc;

use legacy_http_compat::{
    admin::history::{History, HistoryBuilder, HistoryRange},
    caller::{FingerprintKey, SignalDetector},
    census::Census,
    metrics::Metrics,
    time::ManualClock,
    worker::Tick,
};

const NOW: u64 = 1_800_000_000_000;

fn builder() -> HistoryBuilder {
    let clock = Arc::new(ManualClock::new(NOW));
    let detector = SignalDetector::builder(["AGENT", "MCP"]).kind_header("x-client-kind");
    let detector = detector
        .build(&FingerprintKey::new([7; 16]))
        .expect("these settings are valid");
    let census = Census::builder(&detector).clock(clock.clone());
    let census = census
        .capacity(16)
        .open()
        .expect("without a snapshot it cannot fail");
    History::builder(Arc::new(census), Arc::new(Metrics::new())).clock(clock)
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a [u8];

pub(crate) fn run(bytes: Input<'_>) {
    let _ = builder().open_bytes(bytes);
    let Ok(history) = builder().open_bytes(&crate::sealed::sealed(bytes)) else {
        return;
    };
    history.tick();
    for span in HistoryRange::ALL.iter().copied() {
        let curves = history.time_series(span);
        assert!(curves.responses.len() <= History::MAX_OUTCOMES);
        let lengths = curves.callers.iter().map(|curve| curve.dependent.len());
        assert!(
            lengths
                .chain([curves.len])
                .all(|length| length == span.len())
        );
    }
    let again = history.to_bytes().expect("in memory");
    assert!(builder().open_bytes(&again).is_ok());
}
