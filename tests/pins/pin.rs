//! Holds text to a file.

use std::{env, fs, path::PathBuf};

use serde_json::{Map, Value};

use crate::response::Answer;

/// Holds text to the file of this name. `UPDATE_PINS=1` writes the file instead, but never where `CI` is set.
#[track_caller]
pub(crate) fn pin(name: &str, text: &str) {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/pins/snapshots");
    let path = path.join(name);
    let text = format!("{}\n", text.trim_end());
    if env::var("UPDATE_PINS").as_deref() == Ok("1") && env::var_os("CI").is_none() {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let pinned = fs::read_to_string(&path).unwrap_or_default();
    assert!(pinned == text, "{name}: {}", difference(&pinned, &text));
}

/// Holds JSON to the file of this name, whatever the order of its members.
#[track_caller]
pub(crate) fn pin_json(name: &str, value: &Value) {
    pin(name, &pretty(value));
}

pub(crate) fn pretty(value: &Value) -> String {
    serde_json::to_string_pretty(&sorted(value)).unwrap()
}

/// A response of the admin service, with its relevant headers.
pub(crate) fn told(response: &Answer) -> String {
    let names = [
        "content-type",
        "etag",
        "allow",
        "retry-after",
        "www-authenticate",
    ];
    let headers = names
        .into_iter()
        .filter_map(|name| Some(format!("{name}: {}\n", response.header(name)?)));
    let headers: String = headers.collect();
    format!(
        "{}\n{headers}{}\n\n",
        response.status,
        pretty(&response.json())
    )
}

/// The same with members in the order of their names, also where `serde_json` keeps them as they were put in.
pub(crate) fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            let members = members.into_iter();
            let members = members.map(|(name, value)| (name.clone(), sorted(value)));
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn difference(pinned: &str, text: &str) -> String {
    let (mut old, mut new) = (pinned.lines(), text.lines());
    let mut number = 0;
    loop {
        number += 1;
        match (old.next(), new.next()) {
            (None, None) => return "only line breaks differ".to_owned(),
            (old, new) if old == new => {}
            (old, new) => return format!("line {number} was\n  {old:?}\nand is\n  {new:?}"),
        }
    }
}
