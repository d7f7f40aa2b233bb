//! The command and the API show one view of a rollout.

use legacy_http_compat::rollout::event::NewEvent;
use serde_json::Value;

use crate::{journals::OnDisk, rich, run::run, service::TestService};

/// What depends on the clock, which the command and the service do not share here.
const TIMED: [&str; 4] = ["at", "duration_seconds", "holds", "overdue"];

#[tokio::test]
async fn the_command_shows_a_journal_as_the_api_does() {
    for service in [rich::troubled().await, rich::storied().await] {
        let api = service.operator().get("/api/status").await.ok();
        let path = on_disk(&service);
        let path = path.path();
        let command = run(["status".as_ref(), "--json".as_ref(), path.as_os_str()]);
        let command = command.ends(0).json();
        // Only a running rollout evaluates them.
        assert_eq!(command["gates_verdict"], "not_evaluated");
        let mut shared = 0;
        for (member, value) in command.as_object().unwrap() {
            let Some(shown) = api.get(member) else {
                continue;
            };
            if TIMED.contains(&member.as_str()) || member.starts_with("gates") {
                continue;
            }
            let mut shown = untimed(shown);
            if member == "refusals" {
                // Only a running rollout knows those that are not in the journal.
                shown.as_object_mut().unwrap().remove("unjournaled");
            }
            assert_eq!(untimed(value), shown, "{member}");
            shared += 1;
        }
        assert_eq!(shared, 26, "{command}");
    }
}

/// The journal of a service, in a file.
fn on_disk(service: &TestService) -> OnDisk {
    let events = service.rollout.journal().read(0, 1_000).unwrap();
    let copies = events.into_iter().map(|event| {
        let (actor, reason) = (event.actor.clone(), event.reason.clone());
        let copy = NewEvent::new(event.at, actor, reason, event.payload.clone());
        match event.correlation_id {
            Some(id) => copy.correlated(id),
            None => copy,
        }
    });
    OnDisk::of_drafts(copies.collect())
}

fn untimed(value: &Value) -> Value {
    match value {
        Value::Object(members) => members
            .iter()
            .filter(|(name, _)| !TIMED.contains(&name.as_str()) || name.as_str() == "at")
            .map(|(name, value)| (name.clone(), untimed(value)))
            .collect(),
        Value::Array(items) => items.iter().map(untimed).collect(),
        other => other.clone(),
    }
}
