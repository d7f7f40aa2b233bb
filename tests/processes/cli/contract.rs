//! `contract check`.

use std::{fs, path::Path};

use legacy_http_compat::Contract;
use serde_json::json;

use super::{
    run::{Ran, run},
    temp_dir::TempDir,
};

/// Faults of every part: of what the contract says, of the form of its document, and of what its callers mean.
const FAULTY: &str = include_str!("../../support/faulty_document.json");

fn check(text: &[u8], json: bool) -> Ran {
    let directory = TempDir::new();
    let path = directory.path().join("contract.json");
    fs::write(&path, text).unwrap();
    check_file(&path, json)
}

fn check_file(path: &Path, json: bool) -> Ran {
    let json = json.then(|| "--json".as_ref());
    let args = ["contract".as_ref(), "check".as_ref(), path.as_os_str()];
    run(args.into_iter().chain(json))
}

#[test]
fn a_document_without_faults_is_said_to_be_one() {
    let document = serde_json::to_vec(&Contract::device_flow()).unwrap();
    let ran = check(&document, false);
    ran.ends(0).says("contract.json: no faults");
    assert_eq!(ran.err, "");
    let response = check(&document, true).ends(0).json();
    assert_eq!(response, json!({ "valid": true, "faults": [] }));
}

#[test]
fn all_faults_of_contract_and_callers_are_shown_at_once() {
    let ran = check(FAULTY.as_bytes(), false);
    assert_eq!(ran.ends(1).out, "");
    for fault in [
        "contract: /base: unknown member `base`; expected one of the members",
        "(endpoint \"job\", outcome \"D\"): invalid status `99`; expected a status from 100 to 599",
        "contract: /endpoints/0/method (endpoint \"job\")",
        "HEAD",
        "callers: ",
        "CONSOLE",
    ] {
        ran.complains(fault);
    }
}

#[test]
fn the_faults_in_json_have_their_places() {
    let ran = check(FAULTY.as_bytes(), true);
    let response = ran.ends(1).json();
    assert_eq!(response["valid"], false);
    let faults = response["faults"].as_array().unwrap();
    let of = |part: &str| faults.iter().filter(|fault| fault["part"] == part).count();
    assert!(of("contract") >= 5, "{response}");
    assert!(of("callers") >= 2, "{response}");
    let status = faults.iter().find(|fault| fault["value"] == "99").unwrap();
    assert_eq!(status["code"], "invalid_status");
    assert!(status["place"].as_str().unwrap().ends_with("/status"));
    ran.complains(&format!("{} faults", faults.len()));
}

#[test]
fn callers_that_only_their_meaning_makes_wrong_are_found_beside_a_sound_contract() {
    let ran = check(
        br#"{"endpoints": [], "callers": {"kinds": ["A", "A"]}}"#,
        false,
    );
    ran.ends(1).complains("callers: ");
}

#[test]
fn text_that_is_no_json_is_a_fault() {
    check(b"{\n  \"endpoints\": [}", false)
        .ends(1)
        .complains("line 2");
    check(b"\xff\xfe", false).ends(1).complains("JSON");
    check(b"", true).ends(1);
}

#[test]
fn a_document_that_cannot_be_read_is_no_verdict() {
    let directory = TempDir::new();
    for path in [
        directory.path().to_owned(),
        directory.path().join("missing"),
    ] {
        for json in [false, true] {
            let ran = check_file(&path, json);
            ran.ends(2).complains("cannot read");
            assert_eq!(ran.out, "");
        }
    }
}

#[test]
fn the_faults_of_several_documents_have_their_file_line_and_column() {
    let directory = TempDir::new();
    let write = |name: &str, text: &str| {
        let path = directory.path().join(name);
        fs::write(&path, text).unwrap();
        path
    };
    let sound = write("sound.json", r#"{"endpoints": []}"#);
    let shared = write(
        "shared.json",
        "{\n  \"outcomes\": [{\"name\": \"GONE\", \"status\": [410,\n    41]}],\n  \"endpoints\": [\n    \
         {\"name\": \"a\", \"method\": \"GET\", \"path\": \"/a\", \"outcomes\": [\"GONE\", \"LOST\"]},\n    \
         {\"name\": \"b\", \"method\": \"get\", \"path\": \"/b\", \"outcomes\": [\"GONE\"]}\n  ]\n}\n",
    );
    let broken = write("broken.json", "{\n  \"endpoints\": [}");
    let latin = write("latin.json", "{\n  \"name\": \"\u{e9}");
    fs::write(&latin, b"{\n  \"name\": \"\xe9\"}").unwrap();
    let files = [&sound, &shared, &broken, &latin].map(|path| path.as_os_str());
    let ran = run(["contract".as_ref(), "check".as_ref()]
        .into_iter()
        .chain(files));
    ran.ends(1);
    for (file, fault) in [
        ("sound.json", ": no faults"),
        // Of an outcome that two endpoints share, there is one fault.
        ("shared.json", ": 3 faults"),
        ("shared.json", ":3:5: contract: /outcomes/0/status/1"),
        ("shared.json", ":5:71: contract: /endpoints/0/outcomes/1"),
        ("shared.json", ":6:29: contract: /endpoints/1/method"),
        (
            "broken.json",
            ":2:17: contract: at the top level: invalid json",
        ),
        (
            "latin.json",
            ":2:12: contract: at the top level: invalid json",
        ),
    ] {
        ran.complains(&format!("{}{fault}", directory.path().join(file).display()));
    }
    let json = run(["contract", "check", "--json"]
        .map(std::ffi::OsStr::new)
        .into_iter()
        .chain([shared.as_os_str()]));
    let faults = json.ends(1).json();
    assert_eq!(faults["faults"][0]["line"], 5);
    assert!(
        faults["faults"][0]["file"]
            .as_str()
            .unwrap()
            .ends_with("shared.json")
    );
}
