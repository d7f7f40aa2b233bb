//! What happened, in a sentence.

use super::{
    moment::in_words,
    person::person,
    wording::{counted, listed, titled},
};
use crate::rollout::{
    Actor, Attempt, AttemptRefused, ClientRolledBack, Event, Fact, GateReport, Label, Mode,
    PhaseChange, Transition,
};

/// Who did what: `mara opened the incident INC-4711`.
pub(crate) fn sentence(event: &Event) -> String {
    match event.fact() {
        Fact::Recovered(torn) => format!(
            "The journal was opened after a torn write: {} of line {} were cut off",
            counted(torn.bytes, "byte"),
            torn.line
        ),
        Fact::AttemptRefused(refused) => refusal(event.actor(), refused),
        fact => {
            let who = person(event.actor());
            format!("{} {}", capital(&who), what(fact))
        }
    }
}

fn what(fact: &Fact) -> String {
    match fact {
        Fact::Opened(opened) => {
            format!("opened the rollout of {} in {}", opened.flag, opened.phase)
        }
        Fact::PhaseChanged(change) => step(change),
        Fact::CheckReported(report) => {
            let colour = if report.green { "green" } else { "red" };
            format!("reported the check {} {colour}", report.check)
        }
        Fact::IncidentOpened(fact) => format!("opened the incident {}", fact.incident),
        Fact::IncidentClosed(fact) => format!("closed the incident {}", fact.incident),
        Fact::ClientRolledBack(back) => clients(back),
        Fact::DependenceWaived(fact) => format!(
            "waived {} until {}; {} answers for it",
            fact.waived,
            in_words(fact.until),
            fact.owner
        ),
        Fact::WaiverEnded(fact) => format!("ended the waiver of {}", fact.waived),
        Fact::ContractChanged(_) => "noticed that another contract is served".to_owned(),
        Fact::PostAnalysisFiled(fact) => {
            format!(
                "filed the post-analysis of the rollback of event {}",
                fact.rollback
            )
        }
        Fact::PolicyChanged(_) => "changed the policy".to_owned(),
        Fact::ProcessStarted(fact) => match fact.mode {
            Mode::Active => "started a process that gives old answers".to_owned(),
            Mode::Inactive => "started a process that gives new answers alone".to_owned(),
        },
        other => format!("noted: {}", titled(other.name()).to_lowercase()),
    }
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
            "cut over against {} ({}): the flag is off",
            counted(change.overridden.len() as u64, "failing gate"),
            names(change.overridden.iter())
        ),
        Transition::Retire => "retired the flag for good".to_owned(),
        Transition::Abort => "gave up for now: the flag is off".to_owned(),
        Transition::Rollback => {
            let incident = change.incident.as_ref();
            let incident = incident.map_or("an incident", |incident| incident.as_str());
            format!("rolled back because of {incident}: the flag is on again")
        }
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
            let failing = refused.gates.iter().filter(|report| !report.passed());
            let failing = names(failing.map(GateReport::name));
            let gates = if failing.is_empty() {
                String::new()
            } else {
                format!(" by {failing}")
            };
            let who = capital(&person(actor));
            format!("{who} was refused the step from {from} to {to}{gates}")
        }
        _ => "An attempt to get in was refused".to_owned(),
    }
}

fn names<'a>(labels: impl Iterator<Item = &'a Label>) -> String {
    listed(&labels.map(Label::as_str).collect::<Vec<_>>())
}

/// Names stay as their owners write them; what the sentence adds begins with a capital.
fn capital(who: &str) -> String {
    who.strip_prefix("the ")
        .map_or_else(|| who.to_owned(), |rest| format!("The {rest}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rollout::{
        CheckReported, Draft, Incident, IncidentId, Phase, Reason, Recovered, Timestamp,
    };

    fn said(actor: Actor, fact: Fact) -> String {
        let reason = Reason::new("why not").unwrap();
        sentence(&Draft::new(Timestamp::MIN, actor, reason, fact).numbered(7))
    }

    #[test]
    fn each_fact_is_a_sentence_with_who_did_it() {
        let mara = || Actor::human("mara").unwrap();
        let incident = IncidentId::new("INC-1").unwrap();
        let open = Fact::IncidentOpened(Incident {
            incident: incident.clone(),
        });
        assert_eq!(said(mara(), open), "mara opened the incident INC-1");
        let check = CheckReported {
            check: Label::new("openapi").unwrap(),
            green: false,
            link: None,
        };
        let said_by_ci = said(Actor::service("ci").unwrap(), Fact::CheckReported(check));
        assert_eq!(said_by_ci, "The service ci reported the check openapi red");
        let back = PhaseChange {
            incident: Some(incident),
            ..PhaseChange::new(Phase::Cutover, Phase::Compat)
        };
        let guard = Actor::system("guard").unwrap();
        assert_eq!(
            said(guard, Fact::PhaseChanged(back)),
            "The rollout (guard) rolled back because of INC-1: the flag is on again"
        );
        let over = PhaseChange {
            overridden: ["coverage", "legacy_quiet"]
                .map(|name| Label::new(name).unwrap())
                .into(),
            ..PhaseChange::new(Phase::Compat, Phase::Cutover)
        };
        assert_eq!(
            said(mara(), Fact::PhaseChanged(over)),
            "mara cut over against 2 failing gates (coverage and legacy_quiet): the flag is off"
        );
        let torn = Fact::Recovered(Recovered { line: 4, bytes: 12 });
        assert_eq!(
            said(Actor::system("journal").unwrap(), torn),
            "The journal was opened after a torn write: 12 bytes of line 4 were cut off"
        );
    }
}
