//! The proof over all operations.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    possible::{HeaderValues, Possible, PossibleHeader},
    validators::Validators,
};
use crate::{
    contract::{Contract, DroppedPromise, Endpoint},
    openapi::{
        document::{
            api_document::ApiDocument,
            operation::{Operation, StatusKey, operation_key, operations},
            place::{Place, Side},
        },
        finding::{Example, ExampleRequest, ExampleResponse, Finding, FindingKind, Verdict},
        report::ProofReport,
        values::{reader::Reader, value_set::ValueSet},
    },
};

/// Two documents and a contract, and what is known of them.
pub(crate) struct Prover<'d> {
    pub(crate) reader: Reader<'d>,
    pub(crate) validators: Validators,
    pub(crate) old: Vec<Operation<'d>>,
    pub(crate) new: Vec<Operation<'d>>,
}

/// An endpoint and the contract that it is of.
#[derive(Clone, Copy)]
pub(super) struct ContractEndpoint<'c> {
    pub(super) contract: &'c Contract,
    pub(super) endpoint: &'c Endpoint,
}

impl ContractEndpoint<'_> {
    /// A request as the layer sees it: with the path of the contract.
    pub(super) fn request(&self, request: &ExampleRequest) -> ExampleRequest {
        let path = format!("{}{}", self.contract.base_path(), self.endpoint.path());
        ExampleRequest {
            path: filled_in(&path),
            ..request.clone()
        }
    }
}

/// A path with its parameters filled in.
pub(super) fn filled_in(pattern: &str) -> String {
    let mut path = String::new();
    let mut rest = pattern;
    while let Some((before, after)) = rest.split_once('{') {
        path.push_str(before);
        path.push('1');
        rest = after.split_once('}').map_or("", |(_, after)| after);
    }
    path + rest
}

/// The findings so far, each once.
#[derive(Default)]
pub(super) struct Findings {
    found: Vec<Finding>,
    by_id: HashMap<String, usize>,
    pub(super) shapes_proved: Vec<String>,
}

/// How often an example is searched for one finding.
const MAX_ATTEMPTS: usize = 2;

impl<'d> Prover<'d> {
    pub(crate) fn new(old: &'d ApiDocument, new: &'d ApiDocument) -> Self {
        Self {
            reader: Reader::default(),
            validators: Validators::default(),
            old: operations(&Place::root(old, Side::Old)),
            new: operations(&Place::root(new, Side::New)),
        }
    }

    pub(crate) fn prove(&self, contracts: &[Contract]) -> ProofReport {
        let mut findings = Findings::default();
        let new_by_key = by_key(&self.new);
        let endpoints = self.endpoints(contracts, &new_by_key, &mut findings);
        let old_by_key = by_key(&self.old);
        let mut counterparts: Vec<Option<usize>> = vec![None; self.new.len()];
        let dropped = Dropped::of(contracts);
        for (index, old) in self.old.iter().enumerate() {
            let counterpart = counterpart(old, &new_by_key);
            match counterpart {
                Some(new) => counterparts[new] = Some(index),
                None => self.operation_dropped(old, &dropped, &mut findings),
            }
        }
        for (index, new) in self.new.iter().enumerate() {
            let old = counterparts[index].or_else(|| counterpart(new, &old_by_key));
            let old = old.map(|old| &self.old[old]);
            self.operation(
                old,
                new,
                endpoints.get(&index).copied(),
                &dropped,
                &mut findings,
            );
        }
        dropped.report_unused(&mut findings);
        ProofReport::new(self.new.len(), findings.shapes_proved, findings.found)
    }

    /// The endpoints of the contracts by the operation of NEW that they are.
    fn endpoints<'c>(
        &self,
        contracts: &'c [Contract],
        new: &HashMap<String, usize>,
        findings: &mut Findings,
    ) -> HashMap<usize, ContractEndpoint<'c>> {
        let mut found = HashMap::new();
        for contract in contracts {
            for endpoint in contract.endpoints() {
                let keys = contract_keys(contract, endpoint.method(), endpoint.path());
                match keys.iter().find_map(|key| new.get(key)) {
                    Some(index) => {
                        found.insert(*index, ContractEndpoint { contract, endpoint });
                    }
                    None => findings.add(self.endpoint_unknown(contract, endpoint)),
                }
            }
        }
        found
    }

    fn endpoint_unknown(&self, contract: &Contract, endpoint: &Endpoint) -> Finding {
        let (name, method) = (endpoint.name(), endpoint.method());
        let path = format!("{}{}", contract.base_path(), endpoint.path());
        let message = format!("the endpoint {name} ({method} {path}) is no operation of NEW");
        let keys = contract_keys(contract, method, endpoint.path());
        let old = self
            .old
            .iter()
            .find(|old| old.keys().iter().any(|key| keys.contains(key)));
        let example = old.and_then(|old| {
            let documented = old.responses.as_ref().ok()?.first()?;
            self.promised(old, documented.key, "NEW does not have the operation")
        });
        let mut finding = Finding::new(FindingKind::EndpointUnknown, name, message);
        // That an operation is not in a document needs no example.
        finding.verdict = Verdict::Refuted;
        finding.example = example;
        finding.at(name)
    }

    fn operation_dropped(
        &self,
        old: &Operation<'d>,
        dropped: &Dropped<'_>,
        findings: &mut Findings,
    ) {
        if dropped.lists(old, None) {
            return;
        }
        let name = old.name();
        let message = format!("the operation {name} of OLD is not in NEW");
        let responses = old.responses.as_deref().unwrap_or_default();
        let example = responses.iter().find_map(|response| {
            self.promised(old, response.key, "NEW does not have the operation")
        });
        let mut finding = Finding::new(FindingKind::OperationDropped, &name, message);
        finding.verdict = Verdict::Refuted;
        finding.example = example;
        findings.add(finding.at(name));
    }

    /// A response that OLD documents, as an example of a promise.
    pub(super) fn promised(
        &self,
        old: &Operation<'d>,
        key: StatusKey,
        violation: &str,
    ) -> Option<Example> {
        let status = match key {
            StatusKey::Status(status) => status,
            StatusKey::Class(class) => class * 100,
            StatusKey::Default => 500,
        };
        let documented = old.response(status)?;
        let possible = Possible::documented(documented, status);
        let legacy = possible.iter().find_map(|possible| {
            let body = match &possible.body {
                super::possible::PossibleBody::Values(set) => self.reader.sample(set)?,
                _ => Value::Null,
            };
            let response: ExampleResponse = self.response(possible, body);
            self.is_response(old, &response).then_some(response)
        })?;
        Some(Example {
            request: self.request(old),
            target: None,
            legacy: Some(legacy),
            violation: violation.to_owned(),
        })
    }

    pub(super) fn header_sample(&self, header: &PossibleHeader<'d>) -> Option<Value> {
        match &header.values {
            HeaderValues::Documented(Some(schema)) => {
                self.reader.sample(&ValueSet::Schema(schema.clone()))
            }
            HeaderValues::Documented(None) => None,
            HeaderValues::Line(line) => Some(line.as_str().into()),
            HeaderValues::Written(written) => self.reader.sample(&written.texts),
        }
    }
}

impl Findings {
    /// Adds a finding, or its places to the same one.
    pub(super) fn add(&mut self, finding: Finding) {
        let Some(&index) = self.by_id.get(&finding.id) else {
            self.by_id.insert(finding.id.clone(), self.found.len());
            self.found.push(finding);
            return;
        };
        let known = &mut self.found[index];
        for place in finding.places {
            if known.places.contains(&place) {
                continue;
            }
            if known.places.len() < Finding::MAX_PLACES {
                known.places.push(place);
            } else {
                known.places_left_out += 1;
            }
        }
        if known.example.is_none() && finding.example.is_some() {
            known.example = finding.example;
            known.verdict = finding.verdict;
        }
    }

    /// Whether another example should be searched for the finding of this id.
    pub(super) fn lacks_example(&self, id: &str) -> bool {
        let known = self.by_id.get(id).map(|index| &self.found[*index]);
        known.is_none_or(|known| {
            known.verdict == Verdict::CannotTell && known.places.len() < MAX_ATTEMPTS
        })
    }
}

/// The promises that the contracts list as dropped.
pub(super) struct Dropped<'c> {
    entries: Vec<(Vec<String>, &'c DroppedPromise, std::cell::Cell<bool>)>,
}

impl<'c> Dropped<'c> {
    fn of(contracts: &'c [Contract]) -> Self {
        let promises = contracts.iter().flat_map(|contract| {
            contract
                .dropped()
                .iter()
                .map(move |promise| (contract, promise))
        });
        let entries = promises.map(|(contract, promise)| {
            let (method, path) = promise.operation.split_once(' ').unwrap_or_default();
            let keys = contract_keys(contract, method, path);
            (keys, promise, std::cell::Cell::new(false))
        });
        Self {
            entries: entries.collect(),
        }
    }

    /// Whether the operation, or its response of a status, is listed.
    pub(super) fn lists(&self, old: &Operation<'_>, status: Option<u16>) -> bool {
        let keys = old.keys();
        let listed = self.entries.iter().find(|(wanted, promise, _)| {
            promise.status == status.map(i64::from) && wanted.iter().any(|key| keys.contains(key))
        });
        if let Some((_, _, used)) = listed {
            used.set(true);
        }
        listed.is_some()
    }

    fn report_unused(&self, findings: &mut Findings) {
        for (_, promise, _) in self.entries.iter().filter(|(_, _, used)| !used.get()) {
            let status = promise.status.map(|status| format!(" {status}"));
            let id = format!("{}{}", promise.operation, status.unwrap_or_default());
            let message = format!(
                "`{id}` is listed as dropped, and OLD does not have it or it is still given"
            );
            let mut finding = Finding::new(FindingKind::DroppedInVain, &id, message);
            finding.verdict = Verdict::Note;
            findings.add(finding);
        }
    }
}

/// Operations by what requests they are for.
pub(crate) fn by_key(operations: &[Operation<'_>]) -> HashMap<String, usize> {
    let mut by_key = HashMap::new();
    for (index, operation) in operations.iter().enumerate() {
        // With the path of the server first: it is the one that requests have.
        let [with_server, own] = operation.keys();
        by_key.insert(with_server, index);
        by_key.entry(own).or_insert(index);
    }
    by_key
}

/// The same operation in the other document.
pub(crate) fn counterpart(
    operation: &Operation<'_>,
    others: &HashMap<String, usize>,
) -> Option<usize> {
    operation
        .keys()
        .iter()
        .find_map(|key| others.get(key))
        .copied()
}

/// The keys of an operation in a contract: with its base path, and without.
fn contract_keys(contract: &Contract, method: &str, path: &str) -> Vec<String> {
    let base = contract.base_path();
    let mut keys = vec![
        operation_key(method, &format!("{base}{path}")),
        operation_key(method, path),
    ];
    keys.dedup();
    keys
}
