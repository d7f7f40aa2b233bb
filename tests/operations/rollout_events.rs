//! Events as JSON.

use legacy_http_compat::rollout::{
    event::{Event, EventPayload},
    names::CorrelationId,
};
use serde_json::{Value, json};

use crate::events;

fn numbered() -> impl Iterator<Item = Event> {
    (1..)
        .zip(events::story())
        .map(|(seq, payload)| events::draft(payload).numbered(seq))
}

/// The places of all objects whose members are fixed; a policy and evidence have what others give them.
fn fixed_objects(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            found.push(path.to_owned());
            for (name, value) in members {
                if !matches!(name.as_str(), "policy" | "evidence" | "detector") {
                    fixed_objects(value, &format!("{path}/{name}"), found);
                }
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                fixed_objects(value, &format!("{path}/{index}"), found);
            }
        }
        _ => {}
    }
}

#[test]
fn the_story_has_every_kind_of_event() {
    let story = events::story();
    let mut names: Vec<&str> = story.iter().map(EventPayload::name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 20, "{names:?}");
}

#[test]
fn every_event_reads_back_as_it_was_written() {
    for event in numbered() {
        let json = serde_json::to_value(&event).unwrap();
        let payload = json["payload"].as_object().unwrap();
        assert!(payload.contains_key(event.payload.name()), "{json}");
        assert_eq!(serde_json::from_value::<Event>(json).unwrap(), event);
    }
}

#[test]
fn the_json_of_an_event_is_fixed() {
    let id = CorrelationId::new("req-7").unwrap();
    let event = events::draft(events::rollback(4, "INC-1"))
        .correlated(id)
        .numbered(3);
    let expected = json!({
        "seq": 3,
        "at": "2026-03-01T12:00:00.000Z",
        "actor": { "kind": "human", "id": "mara" },
        "reason": "as planned",
        "correlation_id": "req-7",
        "payload": { "rollback_taken": { "cutover": 4, "incident": "INC-1" } },
    });
    assert_eq!(serde_json::to_value(&event).unwrap(), expected);
}

#[test]
fn an_unknown_member_is_ignored_unless_it_is_a_second_tag() {
    for event in numbered() {
        let json = serde_json::to_value(&event).unwrap();
        let mut places = Vec::new();
        fixed_objects(&json, "", &mut places);
        for place in places {
            let mut with_more = json.clone();
            let object = with_more.pointer_mut(&place).unwrap();
            object["surprise"] = 1.into();
            let read = serde_json::from_value::<Event>(with_more);
            // A tag is a member that stands alone.
            let is_tagged = place == "/payload" || place.ends_with("/attempt");
            assert_eq!(read.is_ok(), !is_tagged, "{place} of {json}");
        }
    }
}
