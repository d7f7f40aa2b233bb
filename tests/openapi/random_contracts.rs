//! Random contracts between random schemas: what an old client gets through the real layer is valid under OLD, unless the proof
//! has a finding.

use bytes::Bytes;
use http::{Request, Response, header::CONTENT_TYPE};
use http_body_util::{BodyExt, Full};
use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer,
    openapi::{FindingKind, ProofReport, Verdict, prove},
};
use proptest::prelude::*;
use rand::{RngExt, seq::IndexedRandom};
use serde_json::{Map, Value, json};
use tower::{Layer, ServiceExt, service_fn};

use crate::{
    closed::{closed, resolved, validator},
    contract_generator::RandomContract,
    schema_generator::Random,
    support::document,
};

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn without_a_finding_what_old_clients_get_is_valid_under_old(seed: u64) {
        let trial = Trial::of(seed);
        let found = trial.report.findings.iter().any(|finding| {
            let about_new = [FindingKind::OutcomeImpossible, FindingKind::ShapeNotNeeded];
            !about_new.contains(&finding.kind) && finding.verdict != Verdict::Note
        });
        if !found {
            trial.expect_valid_responses()?;
        }
    }
}

#[test]
fn many_random_contracts_are_proved() {
    let proved = (0..300).map(Trial::of);
    let proved = proved.filter(|trial| trial.report.verdict == Verdict::Proved);
    let proved = proved.count();
    assert!(proved > 30, "{proved} of 300");
}

/// A contract between two schemas, and what is proved of it.
struct Trial {
    old: Value,
    new: Value,
    contract: Contract,
    report: ProofReport,
    random: Random,
}

impl Trial {
    fn of(seed: u64) -> Self {
        let mut random = Random::new(seed);
        // Some are refused when they are built.
        let (old, new, contract) = std::iter::repeat_with(|| random.contract())
            .find_map(|RandomContract { old, new, contract }| {
                let contract = Contract::from_json(&contract.to_string()).ok()?;
                Some((old, new, contract))
            })
            .unwrap();
        let report = prove(&api(&old), &api(&new), std::slice::from_ref(&contract));
        Self {
            old: resolved(&old, &Map::new()),
            new: resolved(&new, &Map::new()),
            contract,
            report,
            random,
        }
    }

    fn expect_valid_responses(mut self) -> Result<(), TestCaseError> {
        let Some(closed) = closed(&self.new) else {
            return Ok(());
        };
        let (old_valid, new_valid) = (validator(&self.old), validator(&closed));
        let mut client = Client::of(&self.contract);
        for _ in 0..24 {
            let value = self.random.value(&self.new, 5);
            for value in [self.random.mutated(value.clone()), value] {
                let value = spelled_in_digits(value);
                if new_valid.is_valid(&value) {
                    let id = *["7", "a b", "ü"].choose(&mut self.random.rng).unwrap();
                    let legacy = client.exchange(id, self.random.rng.random(), &value);
                    prop_assert!(
                        old_valid.is_valid(&legacy),
                        "{} became {}\nNEW {}\nOLD {}\n{}\n{}",
                        value,
                        legacy,
                        self.new,
                        self.old,
                        serde_json::to_string(&self.contract).unwrap(),
                        self.report
                    );
                }
            }
        }
        Ok(())
    }
}

/// An old client behind the real layer.
struct Client {
    layer: LegacyHttpCompatLayer,
    runtime: tokio::runtime::Runtime,
}

impl Client {
    fn of(contract: &Contract) -> Self {
        let flag = CompatFlag::on("proof");
        let runtime = tokio::runtime::Builder::new_current_thread();
        Self {
            layer: LegacyHttpCompatLayer::new(contract.clone(), &flag),
            runtime: { runtime }.build().unwrap(),
        }
    }

    /// What the client gets where the handler responds with this value.
    fn exchange(&mut self, id: &str, has_header: bool, target: &Value) -> Value {
        let target = target.to_string();
        let handler = service_fn(move |_: Request<Full<Bytes>>| {
            let target = Full::<Bytes>::from(target.clone());
            let response = Response::builder().header(CONTENT_TYPE, "application/json");
            async move { response.body(target) }
        });
        let path = format!("/items/{}", id.replace(' ', "%20").replace('ü', "%C3%BC"));
        let mut request = Request::get(format!("{path}?page=2"));
        if has_header {
            request = request.header("x-request-id", "r-17");
        }
        let request = request.body(Full::default()).unwrap();
        let service = self.layer.layer(handler);
        self.runtime.block_on(async {
            let body = service.oneshot(request).await.unwrap().into_body();
            let body = body.collect().await.unwrap().to_bytes();
            serde_json::from_slice(&body).unwrap()
        })
    }
}

/// One operation, `GET /items/{id}`.
fn api(schema: &Value) -> legacy_http_compat::openapi::ApiDocument {
    let api = json!({
        "openapi": "3.1.0",
        "paths": {"/items/{id}": {"get": {"responses": {"200": {
            "description": "an item",
            "content": {"application/json": {"schema": schema}},
        }}}}},
    });
    document(&api.to_string())
}

/// The value with whole numbers written as integers, as a handler writes them.
fn spelled_in_digits(value: Value) -> Value {
    match value {
        Value::Array(items) => items.into_iter().map(spelled_in_digits).collect(),
        Value::Object(members) => members
            .into_iter()
            .map(|(name, value)| (name, spelled_in_digits(value)))
            .collect(),
        Value::Number(number) => match number.as_f64() {
            #[expect(clippy::cast_possible_truncation, reason = "a small whole number")]
            Some(float) if float.fract() == 0.0 => (float as i64).into(),
            _ => number.into(),
        },
        other => other,
    }
}
