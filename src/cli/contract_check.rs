//! `contract check`: all faults of a contract document.

use std::{fs, path::Path};

use serde::Serialize;
use serde_json::{Value, json as value};

use crate::{
    caller::{DetectorFault, FingerprintKey, InvalidDetector},
    cli::output::{Exit, Output, escape, json},
    contract::Fault,
    document::{Document, DocumentError},
};

#[derive(Serialize)]
struct ContractCheck {
    valid: bool,
    faults: Vec<FaultEntry>,
}

/// One fault, in the document's part `contract` or `callers`.
#[derive(Serialize)]
struct FaultEntry {
    part: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    endpoint: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    place: Option<String>,
    value: String,
    message: String,
}

pub(super) fn run(file: &Path, as_json: bool) -> Output {
    let bytes = match fs::read(file) {
        Ok(bytes) => bytes,
        Err(error) => {
            let why = format!("cannot read {}: {error}", file.display());
            return Output::failure(Exit::Error, why);
        }
    };
    let faults = match String::from_utf8(bytes) {
        Ok(text) => faults(&text),
        Err(error) => vec![FaultEntry::not_utf8(&error.to_string())],
    };
    output(file, faults, as_json)
}

fn output(file: &Path, faults: Vec<FaultEntry>, as_json: bool) -> Output {
    let file = escape(&file.display().to_string());
    let valid = faults.is_empty();
    let head = match faults.len() {
        0 => format!("{file}: no faults\n"),
        1 => format!("{file}: 1 fault\n"),
        many => format!("{file}: {many} faults\n"),
    };
    let lines = faults.iter().map(FaultEntry::line);
    let text = head + &lines.collect::<Vec<String>>().concat();
    let json = as_json.then(|| json(&ContractCheck { valid, faults }));
    match (valid, json) {
        (true, json) => Output::success(json.unwrap_or(text)),
        (false, None) => Output::failure(Exit::CheckFailed, text.trim_end()),
        (false, Some(json)) => Output::failure(Exit::CheckFailed, text.trim_end()).with_text(json),
    }
}

/// The faults of the contract, and of the syntax and the meaning of its callers.
fn faults(text: &str) -> Vec<FaultEntry> {
    let (contract, callers) = match Document::from_json(text) {
        Ok(document) => (None, unbuildable(&document)),
        Err(error) => {
            let callers = error.callers().cloned();
            (Some(error), callers.or_else(|| callers_alone(text)))
        }
    };
    let contract = contract.as_ref().and_then(DocumentError::contract);
    let contract = contract.map(|error| error.faults().iter().map(FaultEntry::in_contract));
    let callers = callers.as_ref();
    let callers = callers.map(|error| error.faults().iter().map(FaultEntry::in_callers));
    let contract = contract.into_iter().flatten();
    contract.chain(callers.into_iter().flatten()).collect()
}

/// The callers of a document whose contract is invalid: their meaning is checked when they are built, beside an empty
/// contract.
fn callers_alone(text: &str) -> Option<InvalidDetector> {
    let mut document: Value = serde_json::from_str(text).ok()?;
    let callers = document.get_mut("callers")?.take();
    let document = value!({ "endpoints": [], "callers": callers });
    unbuildable(&Document::from_json(&document.to_string()).ok()?)
}

fn unbuildable(document: &Document) -> Option<InvalidDetector> {
    // No fingerprint is ever made with it.
    let key = FingerprintKey::new([1; FingerprintKey::LENGTH]);
    document.callers()?.build(&key).err()
}

impl FaultEntry {
    fn line(&self) -> String {
        format!("- {}: {}\n", self.part, escape(&self.message))
    }

    fn in_contract(fault: &Fault) -> Self {
        Self {
            part: "contract",
            endpoint: fault.endpoint().map(str::to_owned),
            outcome: fault.outcome().map(str::to_owned),
            place: None,
            value: fault.value().to_owned(),
            message: fault.to_string(),
        }
    }

    fn in_callers(fault: &DetectorFault) -> Self {
        Self {
            part: "callers",
            endpoint: None,
            outcome: None,
            place: Some(fault.place().to_owned()),
            value: fault.value().to_owned(),
            message: fault.to_string(),
        }
    }

    fn not_utf8(why: &str) -> Self {
        Self {
            part: "contract",
            endpoint: None,
            outcome: None,
            place: None,
            value: String::new(),
            message: format!("the document is no JSON: {why}"),
        }
    }
}
