//! `contract check`: all faults of contract documents.

use std::{
    fs,
    path::{Path, PathBuf},
    string::FromUtf8Error,
};

use serde::Serialize;

use crate::{
    cli::output::{Exit, Output, escape, json},
    diagnostics::{Diagnostics, Fault, FaultCode},
    document::{Document, DocumentError},
    json::Location,
};

#[derive(Serialize)]
struct ContractCheck {
    valid: bool,
    faults: Vec<FaultEntry>,
}

/// One fault, in the document's part `contract` or `callers`.
#[derive(Serialize)]
struct FaultEntry {
    file: String,
    line: usize,
    column: usize,
    part: &'static str,
    code: &'static str,
    place: String,
    value: String,
    expected: String,
    message: String,
}

pub(super) fn run(files: &[PathBuf], as_json: bool) -> Output {
    let mut checked = Vec::new();
    for file in files {
        match fs::read(file) {
            Ok(bytes) => checked.push((shown(file), faults(file, bytes))),
            Err(error) => {
                let why = format!("cannot read {}: {error}", file.display());
                return Output::failure(Exit::Error, why);
            }
        }
    }
    output(checked, as_json)
}

fn output(checked: Vec<(String, Vec<FaultEntry>)>, as_json: bool) -> Output {
    let text: String = checked
        .iter()
        .map(|(file, faults)| lines(file, faults))
        .collect();
    let faults: Vec<_> = checked.into_iter().flat_map(|(_, faults)| faults).collect();
    let valid = faults.is_empty();
    let json = as_json.then(|| json(&ContractCheck { valid, faults }));
    match (valid, json) {
        (true, json) => Output::success(json.unwrap_or(text)),
        (false, None) => Output::failure(Exit::CheckFailed, text.trim_end()),
        (false, Some(json)) => Output::failure(Exit::CheckFailed, text.trim_end()).with_text(json),
    }
}

fn lines(file: &str, faults: &[FaultEntry]) -> String {
    let head = match faults.len() {
        0 => format!("{file}: no faults\n"),
        1 => format!("{file}: 1 fault\n"),
        many => format!("{file}: {many} faults\n"),
    };
    let lines = faults.iter().map(FaultEntry::line);
    head + lines.collect::<String>().as_str()
}

fn faults(file: &Path, bytes: Vec<u8>) -> Vec<FaultEntry> {
    let text = match String::from_utf8(bytes) {
        Ok(text) => text,
        Err(error) => {
            let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
            let before = String::from_utf8_lossy(before);
            let mut diagnostics = Diagnostics::default();
            let expected = format!("a JSON document in UTF-8: {error}");
            diagnostics.add(FaultCode::InvalidJson, not_utf8(&error), expected);
            let location = Location::at(&before, before.len());
            let faults = diagnostics.into_faults();
            let entry = |fault| FaultEntry::of(fault, file, location);
            return faults.iter().map(entry).collect();
        }
    };
    let error = Document::from_json(&text).err();
    let faults = error.iter().flat_map(DocumentError::faults);
    let faults = faults.map(|fault| {
        let last = fault.code() == FaultCode::DuplicateMember;
        FaultEntry::of(fault, file, Location::of(&text, fault.place(), last))
    });
    faults.collect()
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

fn shown(file: &Path) -> String {
    escape(&file.display().to_string())
}

impl FaultEntry {
    /// In the form that editors and terminals know as a place.
    fn line(&self) -> String {
        let Self {
            file,
            line,
            column,
            part,
            ..
        } = self;
        let message = escape(&self.message);
        format!("- {}:{line}:{column}: {part}: {message}\n", escape(file))
    }

    fn of(fault: &Fault, file: &Path, Location { line, column }: Location) -> Self {
        let callers = fault.place() == "/callers" || fault.place().starts_with("/callers/");
        Self {
            file: file.display().to_string(),
            line,
            column,
            part: if callers { "callers" } else { "contract" },
            code: fault.code().as_str(),
            place: fault.place().to_owned(),
            value: fault.value().to_owned(),
            expected: fault.expected().to_owned(),
            message: fault.to_string(),
        }
    }
}
