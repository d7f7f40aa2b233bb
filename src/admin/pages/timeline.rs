//! Events as entries of the timeline: a sentence, a mark, and evidence.

use serde_json::Value;

use super::time_tag::{TimeTag, actor_label, in_words};
use crate::{
    admin::format::{counted, json_rows, listed, titled},
    rollout::{
        Transition,
        event::{
            Attempt, AttemptRefused, ClientRolledBack, Event, EventPayload, LossAccepted,
            PhaseChange, RollbackTaken,
        },
        gate::GateReport,
        names::{Actor, ActorKind, Identifier, Link},
    },
    time::Timestamp,
};

/// An event as the timeline shows it.
#[derive(Clone, Debug)]
pub(crate) struct TimelineEntry<'a> {
    pub(crate) event: &'a Event,
    pub(crate) at: TimeTag,
}

impl<'a> TimelineEntry<'a> {
    pub(crate) fn new(event: &'a Event, now: Timestamp) -> Self {
        let at = TimeTag::new(event.at, now);
        Self { event, at }
    }

    /// The event as a sentence: `mara opened the incident INC-4711`.
    pub(crate) fn text(&self) -> String {
        event_text(self.event)
    }

    /// The style of the mark: `step`, `back`, `good`, `bad` or `plain`.
    pub(crate) fn tone(&self) -> &'static str {
        match &self.event.payload {
            EventPayload::PhaseChanged(change) => match change.from.step(change.to) {
                Ok(Transition::Rollback) => "back",
                _ => "step",
            },
            EventPayload::RollbackTaken(_) => "back",
            EventPayload::CheckReported(report) if report.green => "good",
            EventPayload::IncidentClosed(_) | EventPayload::PostAnalysisFiled(_) => "good",
            EventPayload::CheckReported(_)
            | EventPayload::IncidentOpened(_)
            | EventPayload::AttemptRefused(_)
            | EventPayload::ClientRolledBack(_)
            | EventPayload::LossAccepted(_)
            | EventPayload::Recovered(_) => "bad",
            _ => "plain",
        }
    }

    /// The character of the mark.
    pub(crate) fn mark(&self) -> &'static str {
        match self.tone() {
            "step" => "→",
            "back" => "↩",
            "good" => "✓",
            "bad" => "!",
            _ => "·",
        }
    }

    pub(crate) fn link(&self) -> Option<&'a Link> {
        match &self.event.payload {
            EventPayload::CheckReported(report) => report.link.as_ref(),
            EventPayload::PostAnalysisFiled(filed) => Some(&filed.link),
            _ => None,
        }
    }

    pub(crate) fn gates(&self) -> &'a [GateReport] {
        match &self.event.payload {
            EventPayload::PhaseChanged(change) => &change.gates,
            EventPayload::AttemptRefused(refused) => &refused.gates,
            _ => &[],
        }
    }

    /// The members of the payload; gates as one row for each member of their evidence.
    pub(crate) fn details(&self) -> Vec<(String, String)> {
        let payload = &self.event.payload;
        let value = serde_json::to_value(payload).unwrap_or_default();
        let members = value.get(payload.name()).and_then(Value::as_object);
        let mut members = members.cloned().unwrap_or_default();
        members.remove("gates");
        let mut details = json_rows(&members);
        for report in self.gates() {
            let evidence = json_rows(&report.evidence.to_members());
            let named = evidence
                .into_iter()
                .map(|(name, text)| (format!("{}: {name}", report.name), text));
            details.extend(named);
        }
        details
    }
}

fn event_text(event: &Event) -> String {
    match &event.payload {
        EventPayload::Recovered(torn) => format!(
            "The journal was recovered from a torn write: {} of line {} were removed",
            counted(torn.bytes, "byte"),
            torn.line
        ),
        EventPayload::LossAccepted(loss) => lost(loss),
        EventPayload::Opened(opened) if event.actor.kind == ActorKind::System => {
            format!("The rollout was opened in {}", opened.phase)
        }
        EventPayload::AttemptRefused(refused) => refusal(&event.actor, refused),
        payload => {
            let who = actor_label(&event.actor);
            format!("{} {}", capital(&who), what(payload))
        }
    }
}

fn what(payload: &EventPayload) -> String {
    match payload {
        EventPayload::Opened(opened) => {
            format!("opened the rollout in {}", opened.phase)
        }
        EventPayload::PhaseChanged(change) => step(change),
        EventPayload::CheckReported(report) => {
            let colour = if report.green { "green" } else { "red" };
            format!("reported the check {} {colour}", report.check)
        }
        EventPayload::IncidentOpened(payload) => {
            format!("opened the incident {}", payload.incident)
        }
        EventPayload::IncidentClosed(payload) => {
            format!("closed the incident {}", payload.incident)
        }
        EventPayload::ClientRolledBack(back) => clients(back),
        EventPayload::DependenceWaived(payload) => format!(
            "waived {} until {}; the owner is {}",
            payload.target,
            in_words(payload.until),
            payload.owner
        ),
        EventPayload::WaiverEnded(payload) => format!("ended the waiver of {}", payload.target),
        EventPayload::InstanceWrittenOff(payload) => {
            format!("wrote off the lost instance {}", payload.instance)
        }
        EventPayload::ContractChanged(_) => "recorded the contract that is served".to_owned(),
        EventPayload::RollbackTaken(taken) => format!(
            "rolled back because of {}: the flag is on again{}",
            taken.incident,
            on_instance(taken)
        ),
        EventPayload::RollbackExtended(extended) => {
            format!("extended the rollback until {}", in_words(extended.until))
        }
        EventPayload::PostAnalysisFiled(payload) => {
            format!(
                "filed the post-analysis of the rollback of event {}",
                payload.rollback
            )
        }
        EventPayload::PolicyChanged(_) => "changed the policy".to_owned(),
        other => format!("noted: {}", titled(other.name()).to_lowercase()),
    }
}

fn lost(loss: &LossAccepted) -> String {
    let recorded = loss.recorded.filter(|recorded| *recorded != loss.found);
    let recorded = recorded.map_or_else(String::new, |head| format!(" up to event {}", head.seq));
    format!(
        "Recorded events{recorded} were lost after event {}, and the loss was accepted",
        loss.found.seq
    )
}

fn step(change: &PhaseChange) -> String {
    let Ok(step) = change.from.step(change.to) else {
        return format!("went from {} to {}", change.from, change.to);
    };
    match step {
        Transition::Enable => "switched the flag on".to_owned(),
        Transition::Cutover if change.overridden.is_empty() => {
            "cut over: the flag is off".to_owned()
        }
        Transition::Cutover => format!(
            "cut over and overrode {} ({}): the flag is off",
            counted(change.overridden.len() as u64, "failing gate"),
            names(change.overridden.iter())
        ),
        Transition::Retire => "retired the flag for good".to_owned(),
        Transition::Rollback => "rolled back: the flag is on again".to_owned(),
    }
}

fn clients(back: &ClientRolledBack) -> String {
    let incident = back.incident.as_ref();
    let because = incident.map(|incident| format!(" because of {incident}"));
    format!(
        "rolled the {} clients back to {}{}",
        back.kind,
        back.version.as_str(),
        because.unwrap_or_default()
    )
}

fn refusal(actor: &Actor, refused: &AttemptRefused) -> String {
    match refused.attempt {
        Attempt::Transition { from, to } => {
            let failing = refused.gates.iter().filter(|report| !report.passed);
            let failing = names(failing.map(|report| &report.name));
            let gates = if failing.is_empty() {
                String::new()
            } else {
                format!(" by {failing}")
            };
            let who = capital(&actor_label(actor));
            format!("{who} was refused the transition from {from} to {to}{gates}")
        }
        _ => "An access was refused".to_owned(),
    }
}

fn names<'a>(labels: impl Iterator<Item = &'a Identifier>) -> String {
    listed(&labels.map(Identifier::as_str).collect::<Vec<_>>())
}

/// Capitalizes an added article; names stay as they are.
fn capital(who: &str) -> String {
    who.strip_prefix("the ")
        .map_or_else(|| who.to_owned(), |rest| format!("The {rest}"))
}

/// Where several instances share the journal, the one that it took effect on first.
fn on_instance(taken: &RollbackTaken) -> String {
    let instance = taken.instance.as_ref();
    instance.map_or_else(String::new, |instance| format!(", first on {instance}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        rollout::{
            Phase,
            event::{CheckReported, Head, Incident, NewEvent, Recovered},
            names::{IncidentId, Reason},
        },
        time::Timestamp,
    };

    fn text_of(actor: Actor, payload: EventPayload) -> String {
        let reason = Reason::new("why not").unwrap();
        event_text(&NewEvent::new(Timestamp::MIN, actor, reason, payload).numbered(7))
    }

    #[test]
    fn each_event_is_a_sentence_with_its_actor() {
        let mara = || Actor::human("mara").unwrap();
        let incident = IncidentId::new("INC-1").unwrap();
        let open = EventPayload::IncidentOpened(Incident {
            incident: incident.clone(),
        });
        assert_eq!(text_of(mara(), open), "mara opened the incident INC-1");
        let check = CheckReported {
            check: Identifier::new("openapi").unwrap(),
            green: false,
            link: None,
            contract_digest: None,
        };
        let by_ci = text_of(
            Actor::service("ci").unwrap(),
            EventPayload::CheckReported(check),
        );
        assert_eq!(by_ci, "The service ci reported the check openapi red");
        let back = RollbackTaken {
            cutover: 5,
            instance: None,
            incident,
            gates: Vec::new(),
        };
        let guard = Actor::system("guard").unwrap();
        assert_eq!(
            text_of(guard, EventPayload::RollbackTaken(back)),
            "The rollout (guard) rolled back because of INC-1: the flag is on again"
        );
        let over = PhaseChange {
            overridden: ["coverage", "no_dependent_responses"]
                .map(|name| Identifier::new(name).unwrap())
                .into(),
            ..PhaseChange::new(Phase::Compat, Phase::Cutover)
        };
        assert_eq!(
            text_of(mara(), EventPayload::PhaseChanged(over)),
            "mara cut over and overrode 2 failing gates (coverage and no_dependent_responses): the flag is off"
        );
        let journal = || Actor::system("journal").unwrap();
        let loss = LossAccepted {
            recorded: None,
            found: Head::NONE,
            phase: None,
        };
        assert_eq!(
            text_of(journal(), EventPayload::LossAccepted(loss)),
            "Recorded events were lost after event 0, and the loss was accepted"
        );
        let torn = EventPayload::Recovered(Recovered { line: 4, bytes: 12 });
        assert_eq!(
            text_of(journal(), torn),
            "The journal was recovered from a torn write: 12 bytes of line 4 were removed"
        );
    }
}
