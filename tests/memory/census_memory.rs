//! What a million callers cost, all in.

use legacy_http_compat::{
    caller::{
        Caller, ClientVersion, Detect, Fingerprint, FingerprintKey, Generation, Kinds,
        SignalDetector,
    },
    census::{CallerEvent, Census, Dependence, Window},
};

use crate::{ALLOCATOR, alone, in_use};

fn sighting(kinds: &Kinds, census: &Census, caller: u128) -> CallerEvent {
    let names = ["AGENT", "MCP", "UI_RUST"];
    let name = names[usize::try_from(caller % 3).unwrap()];
    let version = ClientVersion::parse(format!("1.{}.0", caller % 50)).unwrap();
    CallerEvent {
        caller: Caller::new(kinds.find(name).unwrap(), Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(
                caller.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
            ))
            .with_version(version),
        endpoint: census.endpoint("device_poll"),
        dependence: Dependence::Served,
        failed: false,
    }
}

#[test]
fn a_million_callers_cost_at_most_112_bytes_each_and_a_known_one_allocates_nothing() {
    const CALLERS: u32 = 1_000_000;
    let _alone = alone();
    let detector = SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let kinds = detector.kinds().clone();
    let before = in_use();
    let census = Census::builder(&detector)
        .capacity(CALLERS as usize)
        .open()
        .unwrap();
    let mut peak = 0;
    for caller in 0..CALLERS {
        census.record(&sighting(&kinds, &census, caller.into()));
        peak = peak.max(in_use() - before);
    }
    assert_eq!(census.known(), CALLERS as usize);
    let most = 112 * CALLERS as usize;
    println!(
        "{} bytes for a million callers, {peak} at the peak",
        in_use() - before
    );
    assert!(peak <= most, "{peak} bytes");

    let known = sighting(&kinds, &census, 77);
    let allocations = ALLOCATOR.stats().allocations;
    (0..1_000).for_each(|_| census.record(&known));
    assert_eq!(ALLOCATOR.stats().allocations, allocations);
    assert_eq!(census.report(Window::DAY).all.dependent, u64::from(CALLERS));
}
