//! The census' snapshot of 100,000 callers, written and read.

use std::{hint::black_box, io};

use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, SignalDetector,
    },
    census::{CallerEvent, Census, CensusBuilder, Dependence},
};

/// The callers of a snapshot.
pub(crate) const CALLERS: u32 = 100_000;

pub(crate) fn encode(times: usize) {
    let (_, census) = census();
    for _ in 0..times {
        census.write_to(io::sink()).expect("a sink takes all");
    }
}

pub(crate) fn read(times: usize) {
    let (builder, census) = census();
    let bytes = census.to_bytes().expect("in memory");
    for _ in 0..times {
        let census = builder.clone().open_bytes(black_box(&bytes));
        assert_eq!(census.expect("intact").known(), CALLERS as usize);
    }
}

fn census() -> (CensusBuilder, Census) {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]));
    let detector = detector.expect("these settings are valid");
    let builder = Census::builder(&detector).capacity(CALLERS as usize);
    let census = builder.clone().open().expect("in memory");
    let agent = detector.kinds().find("AGENT").expect("AGENT is in the set");
    let version = ClientVersion::parse("1.4.2").expect("semver");
    let (caller, endpoint) = (
        Caller::new(agent, Generation::Legacy),
        census.endpoint("poll"),
    );
    for number in 1..=CALLERS {
        // Spread over all bits, as a keyed hash is.
        let fingerprint =
            u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835);
        let fingerprint = Fingerprint::from_u128(fingerprint);
        census.record(&CallerEvent {
            caller: caller.with_fingerprint(fingerprint).with_version(version),
            endpoint,
            dependence: Dependence::Served,
            failed: false,
        });
    }
    (builder, census)
}
