//! What a million callers cost, all in.

use std::{
    alloc::{GlobalAlloc, Layout, System},
    sync::atomic::{AtomicUsize, Ordering},
};

use legacy_http_compat::{
    caller::{Caller, ClientVersion, Fingerprint, Generation, Kinds},
    census::{Census, Dependence, Sighting, Window},
};

/// The system's allocator, with a count of the bytes in use and of the calls.
struct Counting;

static IN_USE: AtomicUsize = AtomicUsize::new(0);
static PEAK: AtomicUsize = AtomicUsize::new(0);
static CALLS: AtomicUsize = AtomicUsize::new(0);

#[global_allocator]
static ALLOCATOR: Counting = Counting;

#[expect(unsafe_code, reason = "an allocator cannot be written without it")]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        CALLS.fetch_add(1, Ordering::Relaxed);
        let in_use = IN_USE.fetch_add(layout.size(), Ordering::Relaxed) + layout.size();
        PEAK.fetch_max(in_use, Ordering::Relaxed);
        // SAFETY: the caller keeps the contract of `alloc`, which is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        IN_USE.fetch_sub(layout.size(), Ordering::Relaxed);
        // SAFETY: `pointer` came from `System` with this layout.
        unsafe { System.dealloc(pointer, layout) }
    }
}

fn sighting(kinds: &Kinds, census: &Census, caller: u128) -> Sighting {
    let names = ["AGENT", "MCP", "UI_RUST"];
    let name = names[usize::try_from(caller % 3).unwrap()];
    let version = ClientVersion::parse(format!("1.{}.0", caller % 50)).unwrap();
    Sighting {
        caller: Caller::new(kinds.find(name).unwrap(), Generation::Legacy)
            .with_fingerprint(Fingerprint::from_u128(
                caller.wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835),
            ))
            .with_version(version),
        endpoint: census.endpoint("device_poll"),
        dependence: Dependence::Served,
    }
}

#[test]
fn a_million_callers_cost_at_most_128_bytes_each_and_a_known_one_allocates_nothing() {
    const CALLERS: u32 = 1_000_000;
    let kinds = Kinds::new(["UI_RUST", "AGENT", "MCP"]);
    let before = IN_USE.load(Ordering::Relaxed);
    let census = Census::builder(&kinds)
        .capacity(CALLERS as usize)
        .open()
        .unwrap();
    let empty = IN_USE.load(Ordering::Relaxed) - before;
    PEAK.store(IN_USE.load(Ordering::Relaxed), Ordering::Relaxed);
    for caller in 0..CALLERS {
        census.record(&sighting(&kinds, &census, caller.into()));
    }
    assert_eq!(census.known(), CALLERS as usize);
    let held = IN_USE.load(Ordering::Relaxed) - before;
    let peak = PEAK.load(Ordering::Relaxed) - before;
    let each = |bytes: usize| bytes as f64 / f64::from(CALLERS);
    println!(
        "empty {empty} bytes; {:.1} bytes a caller, {:.1} at the peak",
        each(held),
        each(peak)
    );
    assert!(each(held) <= 128.0 && each(peak) <= 128.0);

    let known = sighting(&kinds, &census, 77);
    let calls = CALLS.load(Ordering::Relaxed);
    (0..1_000).for_each(|_| census.record(&known));
    assert_eq!(CALLS.load(Ordering::Relaxed), calls);
    assert_eq!(census.report(Window::DAY).all.dependent, u64::from(CALLERS));
}
