//! What is wrong with settings is said, all at once.

use super::detector_settings::{IdentitySignal, KindSource, SignalPart};
use super::{DetectorError, SignalDetector, SignalDetectorBuilder};
use crate::{caller::fingerprint::FingerprintKey, diagnostics::FaultCode as Code};

fn agents() -> SignalDetectorBuilder {
    SignalDetector::builder(["AGENT"]).kind_header("X-Client-Kind")
}

fn faults(builder: &SignalDetectorBuilder) -> DetectorError {
    builder.build(&FingerprintKey::new([1; 16])).unwrap_err()
}

fn only(builder: &SignalDetectorBuilder) -> (Code, String, String) {
    let error = faults(builder);
    let [fault] = error.faults() else {
        panic!("one fault expected: {error}")
    };
    assert!(!fault.expected().is_empty());
    (
        fault.code(),
        fault.place().to_owned(),
        fault.value().to_owned(),
    )
}

fn fault(code: Code, place: &str, value: &str) -> (Code, String, String) {
    (code, place.to_owned(), value.to_owned())
}

#[test]
fn all_faults_are_reported_at_once_in_the_order_of_the_settings() {
    let builder = SignalDetector::builder(["AGENT", "AGENT", "two words"])
        .kind_header("X Client")
        .kind_products([("core agent", "MPC")])
        .opt_in("", "\n")
        .version_header("ü")
        .target_since("AGNET", "two")
        .identity(IdentitySignal::header("User-Agent"))
        .identity(IdentitySignal::all_of([]));
    let error = faults(&builder);
    let seen: Vec<_> = error
        .faults()
        .iter()
        .map(|fault| (fault.code(), fault.place()))
        .collect();
    let expected = [
        (Code::DuplicateName, "/kinds/1"),
        (Code::InvalidName, "/kinds/2"),
        (Code::InvalidHeader, "/kind_from/0/header"),
        (Code::InvalidProduct, "/kind_from/1/products/core agent"),
        (Code::UnknownKind, "/kind_from/1/products/core agent"),
        (Code::InvalidOptInValue, "/opt_in/value"),
        (Code::InvalidHeader, "/opt_in/header"),
        (Code::InvalidHeader, "/version_header"),
        (Code::InvalidVersion, "/target_since/AGNET"),
        (Code::UnknownKind, "/target_since/AGNET"),
        (Code::UnstableIdentity, "/identity/0/header"),
        (Code::EmptyCombination, "/identity/1/all_of"),
    ];
    assert_eq!(seen, expected);
    assert_eq!(error.to_string().lines().count(), expected.len());
}

#[test]
fn a_fault_says_where_what_and_what_would_be_right() {
    let error = faults(&agents().target_since("AGNET", "2.0.0"));
    let expected = "/target_since/AGNET: unknown kind `AGNET`; expected one of the kinds AGENT";
    assert_eq!(error.to_string(), expected);
}

#[test]
fn kinds_are_few_distinct_tokens() {
    let none = SignalDetector::builder([] as [&str; 0]).kind_header("X-Client-Kind");
    assert_eq!(only(&none), fault(Code::NoKinds, "/kinds", ""));
    let many = (0..64).map(|number| format!("K{number}"));
    let many = SignalDetector::builder(many).kind_header("X-Client-Kind");
    assert_eq!(only(&many), fault(Code::TooMany, "/kinds", "64"));
    for name in ["", "a b", "other", &"K".repeat(65)] {
        let invalid = SignalDetector::builder([name]).kind_header("X-Client-Kind");
        assert_eq!(only(&invalid), fault(Code::InvalidName, "/kinds/0", name));
    }
    let most = (0..63).map(|number| format!("K{number}"));
    let most = SignalDetector::builder(most).kind_header("X-Client-Kind");
    assert!(most.build(&FingerprintKey::new([1; 16])).is_ok());
}

#[test]
fn something_must_tell_the_kind_and_only_once() {
    let inactive = SignalDetector::builder(["AGENT"]);
    assert_eq!(only(&inactive), fault(Code::NoKindSource, "/kind_from", ""));
    let empty = agents().kind_from(KindSource::Products(Vec::new()));
    assert_eq!(
        only(&empty),
        fault(Code::NoKindSource, "/kind_from/1/products", "")
    );
    let twice = agents().kind_header("x-client-kind");
    assert_eq!(
        only(&twice),
        fault(Code::DuplicateKindSource, "/kind_from/1", "x-client-kind")
    );
    let products = agents()
        .kind_products([("a", "AGENT")])
        .kind_products([("b", "AGENT")]);
    assert_eq!(
        only(&products),
        fault(Code::DuplicateKindSource, "/kind_from/2", "products")
    );
}

#[test]
fn a_product_is_mapped_once_whatever_its_case() {
    let twice = agents().kind_products([("core/~", "AGENT")]);
    let place = "/kind_from/1/products/core~1~0";
    assert_eq!(only(&twice), fault(Code::InvalidProduct, place, "core/~"));
    let twice = agents().kind_products([("core", "AGENT"), ("Core", "AGENT")]);
    let place = "/kind_from/1/products/Core";
    assert_eq!(only(&twice), fault(Code::DuplicateProduct, place, "Core"));
}

#[test]
fn a_kind_has_one_version_since_which_it_is_status_driven() {
    let twice = agents()
        .target_since("AGENT", "2.0.0")
        .target_since("AGENT", "3.0.0");
    assert_eq!(
        only(&twice),
        fault(Code::DuplicateVersion, "/target_since/AGENT", "3.0.0")
    );
    let other = agents().target_since("other", "2.0.0");
    assert_eq!(
        only(&other),
        fault(Code::UnknownKind, "/target_since/other", "other")
    );
}

#[test]
fn what_an_upgrade_changes_identifies_nobody() {
    let versioned = agents()
        .version_header("X-Client-Version")
        .opt_in("X-Opt-In", "1");
    for header in [
        "x-client-kind",
        "X-Client-Version",
        "X-OPT-IN",
        "user-agent",
    ] {
        let unstable = versioned.clone().identity(IdentitySignal::header(header));
        assert_eq!(
            only(&unstable),
            fault(Code::UnstableIdentity, "/identity/0/header", header)
        );
        let part = [SignalPart::ClientAddress, SignalPart::header(header)];
        let unstable = versioned.clone().identity(IdentitySignal::all_of(part));
        let place = "/identity/0/all_of/1/header";
        assert_eq!(
            only(&unstable),
            fault(Code::UnstableIdentity, place, header)
        );
    }
}

#[test]
fn a_product_alone_identifies_nobody() {
    let alone = agents().identity(IdentitySignal::all_of([SignalPart::ProductName]));
    assert_eq!(
        only(&alone),
        fault(Code::ProductAlone, "/identity/0/all_of", "product")
    );
}

#[test]
fn sixteen_headers_are_the_most() {
    let with = |count: usize| {
        let names = (0..count).map(|number| IdentitySignal::header(format!("X-Id-{number}")));
        names.fold(agents(), SignalDetectorBuilder::identity)
    };
    assert!(with(15).build(&FingerprintKey::new([1; 16])).is_ok());
    assert_eq!(only(&with(16)), fault(Code::TooMany, "", "17"));
    assert_eq!(only(&with(400)), fault(Code::TooMany, "", "401"));
}
