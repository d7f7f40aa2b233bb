//! Faults of outcomes that endpoints refer to by name.

use legacy_http_compat::{
    contract::{Contract, ContractBuilder, Endpoint, LegacyShape, Outcome, Placeholder},
    diagnostics::FaultCode,
};
use serde_json::json;

use super::refused;

fn get(name: &str) -> Endpoint {
    Endpoint::get(name, format!("/{name}"))
}

fn gone() -> Outcome {
    Outcome::new("GONE", 410)
}

fn shared(outcome: Outcome) -> ContractBuilder {
    Contract::builder().outcome(outcome)
}

#[test]
fn a_reference_names_an_outcome_of_the_contract() {
    let builder = shared(gone());
    let lost = get("a").shared_outcome("GONE").shared_outcome("LOST");
    refused(
        builder.endpoint(lost),
        FaultCode::UnknownOutcome,
        &[
            "/endpoints/0/outcomes/1",
            "`LOST`",
            "one of the contract's outcomes: GONE",
        ],
    );
    // A reference is to an outcome of the contract, not to one of another endpoint.
    let own = Contract::builder().endpoint(get("a").outcome(gone()));
    let builder = own.endpoint(get("b").shared_outcome("GONE"));
    refused(
        builder,
        FaultCode::UnknownOutcome,
        &["/endpoints/1/outcomes/0"],
    );
}

#[test]
fn an_outcome_of_the_contract_is_referred_to_and_has_a_name_of_its_own() {
    refused(
        shared(gone()).endpoint(get("a").outcome(Outcome::new("FOUND", 200))),
        FaultCode::UnreachableOutcome,
        &["/outcomes/0", "an endpoint that refers to it"],
    );
    let twice = shared(gone()).outcome(Outcome::new("GONE", 404));
    refused(
        twice.endpoint(get("a").shared_outcome("GONE")),
        FaultCode::DuplicateName,
        &["/outcomes/1/name"],
    );
    for again in [
        get("a").shared_outcome("GONE").shared_outcome("GONE"),
        get("a")
            .shared_outcome("GONE")
            .outcome(Outcome::new("GONE", 404)),
        get("a")
            .outcome(Outcome::new("GONE", 404))
            .shared_outcome("GONE"),
    ] {
        let error = shared(gone()).endpoint(again).build().unwrap_err();
        let mut codes = error
            .faults()
            .iter()
            .map(legacy_http_compat::diagnostics::Fault::code);
        assert!(
            codes.any(|code| code == FaultCode::DuplicateName),
            "{error}"
        );
    }
    let unnamed = shared(Outcome::new("other", 410)).endpoint(get("a").shared_outcome("other"));
    refused(
        unnamed,
        FaultCode::InvalidName,
        &["/outcomes/0/name", "`other`"],
    );
    let outcomes = json!({"outcomes": ["GONE"], "endpoints": []}).to_string();
    let error = Contract::from_json(&outcomes).unwrap_err().to_string();
    assert!(error.contains("/outcomes/0"), "{error}");
}

#[test]
fn a_fault_of_a_shared_outcome_is_said_once_at_its_own_place() {
    let legacy = LegacyShape::new(404).json(Placeholder::field("no pointer"));
    let builder = shared(gone().legacy(legacy));
    let endpoints = ["a", "b", "c"].map(|name| get(name).shared_outcome("GONE"));
    let builder = endpoints
        .into_iter()
        .fold(builder, ContractBuilder::endpoint);
    refused(
        builder,
        FaultCode::InvalidPointer,
        &["/outcomes/0/legacy/body/json"],
    );
}

/// What one endpoint has and another lacks is a fault where the outcome says it.
#[test]
fn a_shared_outcome_fits_every_endpoint_that_refers_to_it() {
    let builder = shared(gone().path_parameter("id", "7"))
        .endpoint(Endpoint::get("a", "/a/{id}").shared_outcome("GONE"))
        .endpoint(get("b").shared_outcome("GONE"));
    refused(
        builder,
        FaultCode::InvalidCondition,
        &["/outcomes/0/path_parameters/id", "which /b is not"],
    );
    let earlier = get("a")
        .outcome(Outcome::new("ALL", "4xx"))
        .shared_outcome("GONE");
    refused(
        shared(gone()).endpoint(earlier),
        FaultCode::UnreachableOutcome,
        &["/endpoints/0/outcomes/1", "ALL, which comes before it"],
    );
}
