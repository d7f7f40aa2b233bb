//! The forms of a version, and their order.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::version::ClientVersion;

fn version(text: &str) -> ClientVersion {
    ClientVersion::parse(text).unwrap()
}

#[test]
fn the_order_is_that_of_the_specification() {
    let ordered = [
        "1.0.0-alpha",
        "1.0.0-alpha.1",
        "1.0.0-alpha.beta",
        "1.0.0-beta",
        "1.0.0-beta.2",
        "1.0.0-beta.11",
        "1.0.0-rc.1",
        "1.0.0",
        "1.0.1",
        "1.2.0",
        "2.0.0-rc.1",
        "2.0.0",
        "10.0.0",
    ];
    for pair in ordered.windows(2) {
        assert_eq!(
            version(pair[0]).cmp_precedence(&version(pair[1])),
            Ordering::Less,
            "{pair:?}"
        );
        assert_eq!(
            version(pair[1]).cmp_precedence(&version(pair[0])),
            Ordering::Greater
        );
    }
}

#[test]
fn build_metadata_does_not_count_but_is_kept() {
    let built = version("2.0.0+build.007");
    assert_eq!(built.cmp_precedence(&version("2.0.0")), Ordering::Equal);
    assert_eq!(built.to_string(), "2.0.0+build.007");
}

#[test]
fn a_version_has_one_to_four_numbers_and_missing_ones_are_zero() {
    for (text, equal) in [
        ("3", "3.0.0"),
        ("v3", "3.0.0"),
        ("2.1", "2.1.0"),
        ("v2.1.0", "2.1.0"),
        ("2.1.0.0", "2.1.0"),
        ("2024.08.06", "2024.8.6"),
        ("2-rc.1", "2.0.0-rc.1"),
        ("v2.1+5", "2.1.0"),
    ] {
        let order = version(text).cmp_precedence(&version(equal));
        assert_eq!(order, Ordering::Equal, "{text}");
        assert_eq!(version(text).as_str(), text);
    }
    let ordered = ["2.1", "2.1.0.1", "2.1.0.4512", "2.1.1-rc.1", "2.1.1", "345"];
    for pair in ordered.windows(2) {
        let order = version(pair[0]).cmp_precedence(&version(pair[1]));
        assert_eq!(order, Ordering::Less, "{pair:?}");
    }
}

#[test]
fn what_has_another_form_is_no_version() {
    for text in [
        "",
        "v",
        "vv2",
        "V2",
        "two",
        ".2",
        "2.",
        "2..0",
        "2.0.0.0.0",
        "2.0.0rc1",
        "1.8.0_392",
        "2.0.0 ",
        " 2.0.0",
        "2.0.0-",
        "2.0.0+",
        "2.0.0-01",
        "2.0.0-a..b",
        "2.0.0-é",
        "2.0.0-a+b+c",
        "18446744073709551616.0.0",
    ] {
        assert_eq!(ClientVersion::parse(text), None, "{text:?}");
    }
}

#[test]
fn thirty_two_characters_are_the_most() {
    let longest = format!("1.0.0-{}", "a".repeat(26));
    assert_eq!(version(&longest).as_str(), longest);
    assert_eq!(ClientVersion::parse(longest + "a"), None);
}

/// The strict semver that has the same suffix and, where there are one to four, three numbers.
fn strict_spelling(text: &str) -> String {
    let text = text.strip_prefix('v').unwrap_or(text);
    let end = text.find(['-', '+']).unwrap_or(text.len());
    let (numbers, suffix) = text.split_at(end);
    let mut parts: Vec<&str> = numbers.split('.').collect();
    // The crate reads any three of the numbers; the fourth must be one, too.
    let fourth = if parts.len() == 4 {
        parts.remove(3)
    } else {
        "0"
    };
    parts.resize(parts.len().max(3), "0");
    let plain = |part: &&str| match part.trim_start_matches('0') {
        "" if !part.is_empty() => "0".to_owned(),
        rest => rest.to_owned(),
    };
    let is_number = fourth.parse::<u64>().is_ok() && !fourth.starts_with('+');
    let tail = if is_number { "" } else { "." };
    let numbers: Vec<String> = parts.iter().map(plain).collect();
    format!("{}{tail}{suffix}", numbers.join("."))
}

fn near_versions() -> impl Strategy<Value = String> {
    prop_oneof![
        "v?[0-9]{1,2}(\\.[0-9]{1,2}){0,4}(-[0-9a-z.-]{0,6})?(\\+[0-9a-z.-]{0,4})?",
        "[0-9a.+-]{0,34}",
        "[0-9]{17,21}\\.0\\.0",
    ]
}

proptest! {
    #[test]
    fn any_bytes_are_a_version_or_none(text in proptest::collection::vec(any::<u8>(), 0..40)) {
        if let Some(version) = ClientVersion::parse(&text) {
            prop_assert_eq!(version.as_str().as_bytes(), &text);
        }
    }

    #[test]
    fn what_the_semver_crate_takes_is_a_version(text in near_versions()) {
        let strict = text.len() <= 32 && semver::Version::parse(&text).is_ok();
        let padded = strict_spelling(&text);
        let expected = text.len() <= 32 && semver::Version::parse(&padded).is_ok();
        prop_assert_eq!(ClientVersion::parse(&text).is_some(), expected, "{}", padded);
        prop_assert!(expected || !strict);
    }

    #[test]
    fn the_semver_crate_orders_them_alike(
        left in "[01]\\.0\\.[01](-[0-9ab.-]{1,7})?(\\+a)?",
        right in "[01]\\.0\\.[01](-[0-9ab.-]{1,7})?(\\+b)?",
    ) {
        let ours = ClientVersion::parse(&left).zip(ClientVersion::parse(&right));
        let theirs = semver::Version::parse(&left).ok().zip(semver::Version::parse(&right).ok());
        let ours = ours.map(|(left, right)| left.cmp_precedence(&right));
        prop_assert_eq!(ours, theirs.map(|(left, right)| left.cmp_precedence(&right)));
    }
}
