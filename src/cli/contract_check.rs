//! `contract check`: all faults of a contract document.

use std::{fs, path::Path, string::FromUtf8Error};

use serde::Serialize;

use crate::{
    cli::output::{Exit, Output, escape, json},
    diagnostics::{Diagnostics, Fault, FaultCode},
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
    code: &'static str,
    place: String,
    value: String,
    expected: String,
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
        Err(error) => {
            let mut diagnostics = Diagnostics::default();
            let expected = format!("a JSON document in UTF-8: {error}");
            diagnostics.add(FaultCode::InvalidJson, not_utf8(&error), expected);
            let faults = diagnostics.into_faults();
            faults.iter().map(FaultEntry::of).collect()
        }
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
    let text = head + lines.collect::<String>().as_str();
    let json = as_json.then(|| json(&ContractCheck { valid, faults }));
    match (valid, json) {
        (true, json) => Output::success(json.unwrap_or(text)),
        (false, None) => Output::failure(Exit::CheckFailed, text.trim_end()),
        (false, Some(json)) => Output::failure(Exit::CheckFailed, text.trim_end()).with_text(json),
    }
}

/// What was found in place of UTF-8.
fn not_utf8(error: &FromUtf8Error) -> String {
    match error.as_bytes() {
        [0xff, 0xfe, ..] | [0xfe, 0xff, ..] => "U+FEFF in UTF-16".to_owned(),
        bytes => {
            let found = bytes.get(error.utf8_error().valid_up_to());
            found.map_or_else(String::new, |byte| format!("byte 0x{byte:02X}"))
        }
    }
}

fn faults(text: &str) -> Vec<FaultEntry> {
    let error = Document::from_json(text).err();
    let faults = error.iter().flat_map(DocumentError::faults);
    faults.map(FaultEntry::of).collect()
}

impl FaultEntry {
    fn line(&self) -> String {
        format!("- {}: {}\n", self.part, escape(&self.message))
    }

    fn of(fault: &Fault) -> Self {
        let callers = fault.place() == "/callers" || fault.place().starts_with("/callers/");
        Self {
            part: if callers { "callers" } else { "contract" },
            code: fault.code().as_str(),
            place: fault.place().to_owned(),
            value: fault.value().to_owned(),
            expected: fault.expected().to_owned(),
            message: fault.to_string(),
        }
    }
}
