//! What the detector sees in a request.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::header::HeaderName;
use http::request::Parts;
use proptest::prelude::*;

use super::detector_settings::{IdentitySignal, SignalPart};
use super::{SignalDetector, SignalDetectorBuilder};
use crate::caller::caller::{Caller, ClientAddr, Generation};
use crate::caller::detect::Detect;
use crate::caller::fingerprint::{Fingerprint, FingerprintKey};

const KEY: FingerprintKey = FingerprintKey::new(*b"0123456789abcdef");

/// As the Core example has it.
fn core() -> SignalDetectorBuilder {
    SignalDetector::builder(["UI_RUST", "AGENT", "MCP"])
        .kind_header("X-Client-Kind")
        .kind_products([
            ("core-ui-rust", "UI_RUST"),
            ("core-agent", "AGENT"),
            ("core-mcp", "MCP"),
        ])
        .opt_in("X-Status-Driven", "1")
        .version_header("X-Client-Version")
        .target_since("UI_RUST", "2.0.0")
        .target_since("AGENT", "2.0.0")
        .target_since("MCP", "2.0.0")
        .identity(IdentitySignal::header("X-Client-Id"))
        .identity(IdentitySignal::all_of([
            SignalPart::ClientAddress,
            SignalPart::ProductName,
        ]))
}

fn head(headers: &[(&str, &str)]) -> Parts {
    let (mut head, ()) = http::Request::new(()).into_parts();
    for (name, value) in headers {
        let name = HeaderName::try_from(*name).unwrap();
        head.headers.append(name, value.parse().unwrap());
    }
    head
}

fn head_from(address: &str, headers: &[(&str, &str)]) -> Parts {
    let mut head = head(headers);
    let address: IpAddr = address.parse().unwrap();
    head.extensions.insert(ClientAddr(address));
    head
}

fn detect(headers: &[(&str, &str)]) -> Caller {
    core().build(&KEY).unwrap().detect(&head(headers))
}

fn kind(headers: &[(&str, &str)]) -> String {
    let detector = core().build(&KEY).unwrap();
    detector
        .kinds()
        .name(detector.detect(&head(headers)).kind())
        .to_owned()
}

fn generation(headers: &[(&str, &str)]) -> Generation {
    detect(headers).generation()
}

fn fingerprint(head: &Parts) -> Option<Fingerprint> {
    core().build(&KEY).unwrap().detect(head).fingerprint()
}

#[test]
fn the_kind_header_names_the_kind() {
    assert_eq!(kind(&[("x-client-kind", "AGENT")]), "AGENT");
    assert_eq!(kind(&[("x-client-kind", "agent")]), "other");
    assert_eq!(kind(&[("x-client-kind", "other")]), "other");
    assert_eq!(kind(&[]), "other");
}

#[test]
fn a_product_names_the_kind_whatever_its_case_and_place() {
    assert_eq!(
        kind(&[("user-agent", "reqwest/0.13 (core-mcp/1) Core-Agent/1.0.0")]),
        "AGENT"
    );
    assert_eq!(
        kind(&[("user-agent", "core-agents/1 xcore-agent")]),
        "other"
    );
}

#[test]
fn the_first_source_with_a_known_kind_wins() {
    let both = [("x-client-kind", "MCP"), ("user-agent", "core-agent/1")];
    assert_eq!(kind(&both), "MCP");
    assert_eq!(kind(&[("x-client-kind", "TOASTER"), both[1]]), "AGENT");
    let products_first = SignalDetector::builder(["AGENT", "MCP"])
        .kind_products([("core-agent", "AGENT")])
        .kind_header("X-Client-Kind")
        .build(&KEY)
        .unwrap();
    let caller = products_first.detect(&head(&both));
    assert_eq!(products_first.kinds().name(caller.kind()), "AGENT");
}

#[test]
fn the_version_decides_the_generation_by_the_order_of_semver() {
    for (version, expected) in [
        ("1.99.0", Generation::Legacy),
        ("2.0.0-rc.1", Generation::Legacy),
        ("2.0.0", Generation::Target),
        ("2.0.0+build.1", Generation::Target),
        ("10.0.0-a.very-long.pre-release", Generation::Target),
        ("v1.9", Generation::Legacy),
        ("2", Generation::Target),
        ("2.0.0.4512", Generation::Target),
    ] {
        let by_header = [("x-client-kind", "AGENT"), ("x-client-version", version)];
        assert_eq!(generation(&by_header), expected, "{version}");
        assert_eq!(detect(&by_header).version().unwrap().as_str(), version);
        let product = format!("core-mcp/9.0.0 core-agent/{version}");
        let by_product = [("x-client-kind", "AGENT"), ("user-agent", &product)];
        assert_eq!(generation(&by_product), expected, "{version}");
    }
}

#[test]
fn a_version_that_does_not_parse_is_unknown() {
    for version in [
        "two",
        "2.0.0.0.0",
        "2.0rc1",
        "",
        "2.0.0-01",
        "99999999999999999999.0.0",
    ] {
        let caller = detect(&[("x-client-kind", "AGENT"), ("x-client-version", version)]);
        assert_eq!(
            (caller.generation(), caller.version()),
            (Generation::Legacy, None)
        );
    }
}

#[test]
fn the_products_version_counts_where_the_header_has_none() {
    let agent = [
        ("x-client-version", "two"),
        ("user-agent", "core-agent/2.1.0"),
    ];
    assert_eq!(generation(&agent), Generation::Target);
    let header_first = [("x-client-version", "1.0.0"), agent[1]];
    assert_eq!(generation(&header_first), Generation::Legacy);
}

#[test]
fn opting_in_makes_a_caller_status_driven_whatever_its_version() {
    let old = [
        ("x-client-kind", "AGENT"),
        ("x-client-version", "1.0.0"),
        ("x-status-driven", "1"),
    ];
    assert_eq!(generation(&old), Generation::Target);
    assert_eq!(generation(&[("x-status-driven", "1")]), Generation::Target);
    for value in ["0", "true", "11", ""] {
        assert_eq!(
            generation(&[old[0], old[1], ("x-status-driven", value)]),
            Generation::Legacy
        );
    }
}

#[test]
fn unknown_callers_are_what_the_configuration_says() {
    let lenient = core()
        .unknown_generation(Generation::Target)
        .build(&KEY)
        .unwrap();
    let of = |headers: &[(&str, &str)]| lenient.detect(&head(headers)).generation();
    assert_eq!(of(&[]), Generation::Target);
    assert_eq!(of(&[("x-client-version", "1.0.0")]), Generation::Target);
    assert_eq!(
        of(&[("user-agent", "core-agent/1.0.0")]),
        Generation::Legacy
    );
}

#[test]
fn the_first_identity_signal_that_is_present_counts() {
    let with_id = head_from(
        "192.0.2.1",
        &[("x-client-id", "i-1"), ("user-agent", "core-agent/1")],
    );
    let moved = head_from(
        "192.0.2.2",
        &[("x-client-id", "i-1"), ("user-agent", "core-mcp/1")],
    );
    let without = head_from("192.0.2.1", &[("user-agent", "core-agent/1")]);
    assert_eq!(fingerprint(&with_id), fingerprint(&moved));
    assert_ne!(fingerprint(&with_id), fingerprint(&without));
    assert!(fingerprint(&without).is_some());
}

#[test]
fn without_any_signal_a_caller_is_anonymous() {
    assert_eq!(fingerprint(&head(&[("user-agent", "core-agent/1")])), None);
    assert_eq!(fingerprint(&head_from("192.0.2.1", &[])), None);
}

#[test]
fn an_identity_header_is_1_to_256_visible_characters_without_the_blanks_around() {
    let by_id = |id: &str| fingerprint(&head(&[("x-client-id", id)]));
    assert_eq!(by_id(" i-1\t"), by_id("i-1"));
    assert!(by_id(&"i".repeat(256)).is_some());
    for absent in ["", "  ", "i 1", "i\t1", "ï", &"i".repeat(257)] {
        assert_eq!(by_id(absent), None, "{absent:?}");
    }
}

#[test]
fn an_address_is_the_same_as_ipv4_and_mapped_into_ipv6() {
    let agent = [("user-agent", "core-agent/1")];
    let of = |address: &str| fingerprint(&head_from(address, &agent));
    assert_eq!(of("192.0.2.1"), of("::ffff:192.0.2.1"));
    assert_ne!(of("192.0.2.1"), of("192.0.2.2"));
    assert_ne!(of("2001:db8::1"), of("2001:db8::2"));
    let peer = SocketAddr::from((Ipv4Addr::LOCALHOST, 4711));
    assert_eq!(
        ClientAddr::from(peer),
        ClientAddr(Ipv4Addr::LOCALHOST.into())
    );
}

#[test]
fn products_tell_apart_those_behind_one_address_and_their_case_does_not() {
    let of = |agent: &str| fingerprint(&head_from("192.0.2.1", &[("user-agent", agent)]));
    assert_ne!(of("core-agent/1"), of("core-mcp/1"));
    assert_eq!(of("core-agent/1"), of("Mozilla/5.0 (x) CORE-AGENT/2"));
    assert_eq!(of("unmapped/1 (x)"), of("Unmapped curl/2"));
    assert_eq!(of(&"x".repeat(65)), None);
}

#[test]
fn the_fingerprint_is_the_same_in_every_version_of_the_crate() {
    let id = head(&[("x-client-id", "6f1c1c9e-8f0a-4c55-9d7e-0a3f5f1f2b11")]);
    let address = head_from("127.0.0.1", &[("user-agent", "core-agent/1")]);
    let shown = |head| fingerprint(head).unwrap().to_string();
    assert_eq!(shown(&id), "psd_550146cdc87c6072a369884ee211469d");
    assert_eq!(shown(&address), "psd_0d39ee1c2eae627daafeccee54b6b89d");
}

#[test]
fn kind_and_generation_headers_vary_the_response_and_identity_does_not() {
    let detector: Box<dyn Detect> = Box::new(core().build(&KEY).unwrap());
    let value = detector.vary().to_header_value().unwrap();
    assert_eq!(
        value,
        "x-client-kind, user-agent, x-status-driven, x-client-version"
    );
}

#[test]
fn nothing_of_the_key_is_printed() {
    let detector = core().build(&FingerprintKey::new([0x5a; 16])).unwrap();
    let shown = format!("{detector:?} {:?}", core());
    let key_words = ["6510615555426900570", "0x5a", "5a5a", "90, 90"];
    assert!(
        key_words.iter().all(|word| !shown.contains(word)),
        "{shown}"
    );
    assert_eq!(
        detector.key_check(),
        Some(FingerprintKey::new([0x5a; 16]).key_check())
    );
}

proptest! {
    #[test]
    fn an_upgraded_client_keeps_its_fingerprint(
        id in proptest::option::of("[!-~]{1,40}"),
        old in ("[0-9.]{1,8}", "[ -'*-~]{0,20}", "AGENT|MCP|x"),
        new in ("[0-9.]{1,8}", "[ -'*-\\[\\]-~]{0,20}", "AGENT|MCP|x"),
    ) {
        let of = |(version, comment, kind): &(String, String, String)| {
            let agent = format!("core-agent/{version} ({}) lib/{version}", comment.replace('\\', ""));
            let mut headers = vec![
                ("user-agent", agent.as_str()),
                ("x-client-version", version),
                ("x-client-kind", kind),
            ];
            headers.extend(id.as_deref().map(|id| ("x-client-id", id)));
            fingerprint(&head_from("2001:db8::7", &headers))
        };
        prop_assert!(of(&old).is_some());
        prop_assert_eq!(of(&old), of(&new));
    }

    #[test]
    fn any_header_values_are_a_caller(
        values in proptest::collection::vec(
            proptest::collection::vec(prop_oneof![Just(b'\t'), 32_u8..127, 128_u8..=255], 0..300), 5)
    ) {
        let names = ["user-agent", "x-client-kind", "x-client-version", "x-client-id", "x-status-driven"];
        let mut head = head_from("192.0.2.1", &[]);
        for (name, value) in names.into_iter().zip(&values) {
            head.headers.insert(name, http::HeaderValue::from_bytes(value).unwrap());
        }
        let detector = core().build(&KEY).unwrap();
        let caller = detector.detect(&head);
        prop_assert_eq!(detector.detect_by_headers(&head.headers, &head.extensions), Some(caller));
        prop_assert!(caller.kind().index() < detector.kinds().names().len());
    }
}
