//! Commands and how they are read.

use std::str::FromStr;

use super::reader::{Fault, Reader};
use crate::{
    caller::ClientVersion,
    json::OrderedValue,
    rollout::{Identifier, IncidentId, Link, Owner, Phase, Policy, Reason, Summary, WaiverTarget},
    time::Timestamp,
};

/// A command with its reason.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct CommandRequest {
    pub(crate) command: Command,
    pub(crate) reason: Reason,
}

/// A command to the rollout.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Command {
    Transition {
        to: Phase,
        /// The failing gates that a cutover overrides.
        overridden: Vec<Identifier>,
    },
    Rollback {
        incident: IncidentId,
    },
    Check {
        check: Identifier,
        green: bool,
        link: Option<Link>,
    },
    OpenIncident(IncidentId),
    CloseIncident(IncidentId),
    Waive {
        target: WaiverTarget,
        owner: Owner,
        until: Timestamp,
    },
    EndWaiver(WaiverTarget),
    PostAnalysis {
        /// The number of the event of the rollback.
        rollback: u64,
        link: Link,
        summary: Summary,
    },
    ClientRollback {
        kind: Identifier,
        version: ClientVersion,
        incident: Option<IncidentId>,
    },
    Policy(Box<Policy>),
}

/// The kind of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Transition,
    Rollback,
    Check,
    OpenIncident,
    CloseIncident,
    Waive,
    EndWaiver,
    PostAnalysis,
    ClientRollback,
    Policy,
}

impl CommandKind {
    /// What messages call it.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Transition => "the transition",
            Self::Rollback => "the rollback",
            Self::Check => "the check",
            Self::OpenIncident | Self::CloseIncident => "the incident",
            Self::Waive | Self::EndWaiver => "the waiver",
            Self::PostAnalysis => "the post-analysis",
            Self::ClientRollback => "the client rollback",
            Self::Policy => "the change of policy",
        }
    }
}

impl CommandKind {
    /// Reads a command. Unknown members are faults.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub(crate) fn read(self, body: &OrderedValue) -> Result<CommandRequest, Vec<Fault>> {
        let mut reader = Reader::new(self.as_str(), body);
        let command = self.command(&mut reader);
        let reason = reader.text::<Reason>("reason");
        let request = command
            .zip(reason)
            .map(|(command, reason)| CommandRequest { command, reason });
        reader.finish(request)
    }

    fn command(self, reader: &mut Reader<'_>) -> Option<Command> {
        match self {
            Self::Transition => transition(reader),
            Self::Rollback => {
                let incident = reader.text("incident")?;
                Some(Command::Rollback { incident })
            }
            Self::Check => check(reader),
            Self::OpenIncident => reader.text("incident").map(Command::OpenIncident),
            Self::CloseIncident => reader.text("incident").map(Command::CloseIncident),
            Self::Waive => waive(reader),
            Self::EndWaiver => reader.text("target").map(Command::EndWaiver),
            Self::PostAnalysis => post_analysis(reader),
            Self::ClientRollback => client_rollback(reader),
            Self::Policy => policy(reader),
        }
    }
}

fn transition(reader: &mut Reader<'_>) -> Option<Command> {
    let to = reader.text::<Named<Phase>>("to");
    let overridden = reader.list("override");
    let (Named(to), overridden) = to.zip(overridden)?;
    if to != Phase::Cutover && !overridden.is_empty() {
        let remedy = "only a cutover can override failing gates";
        reader.fault(Fault::new("/override", to.as_str(), remedy));
    }
    Some(Command::Transition { to, overridden })
}

fn check(reader: &mut Reader<'_>) -> Option<Command> {
    let (check, green) = (reader.text("check"), reader.flag("green"));
    let link = reader.optional("link");
    Some(Command::Check {
        check: check?,
        green: green?,
        link,
    })
}

fn waive(reader: &mut Reader<'_>) -> Option<Command> {
    let (target, owner) = (reader.text("target"), reader.text("owner"));
    let until = reader.text("until");
    Some(Command::Waive {
        target: target?,
        owner: owner?,
        until: until?,
    })
}

fn post_analysis(reader: &mut Reader<'_>) -> Option<Command> {
    let rollback = reader.number("rollback");
    let (link, summary) = (reader.text("link"), reader.text("summary"));
    Some(Command::PostAnalysis {
        rollback: rollback?,
        link: link?,
        summary: summary?,
    })
}

fn client_rollback(reader: &mut Reader<'_>) -> Option<Command> {
    let kind = reader.text("kind");
    let version = reader.text::<Named<ClientVersion>>("version");
    let incident = reader.optional("incident");
    Some(Command::ClientRollback {
        kind: kind?,
        version: version?.0,
        incident,
    })
}

fn policy(reader: &mut Reader<'_>) -> Option<Command> {
    let tree = reader.object("policy")?;
    match Policy::from_json(&tree.to_string()) {
        Ok(policy) => Some(Command::Policy(Box::new(policy))),
        Err(invalid) => {
            for fault in invalid.faults() {
                let place = format!("/policy{}", fault.place());
                reader.fault(Fault::new(place, fault.value(), fault.remedy()));
            }
            None
        }
    }
}

/// A type whose parser has no error of its own.
struct Named<T>(T);

impl FromStr for Named<Phase> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let phase = Phase::ALL.into_iter().find(|phase| phase.as_str() == text);
        phase.map(Self).ok_or("observe, compat, cutover or retired")
    }
}

impl FromStr for Named<ClientVersion> {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let version = ClientVersion::parse(text).map(Self);
        version.ok_or("a semantic version such as 1.4.2, of at most 32 characters")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: CommandKind, body: &str) -> Vec<(String, String, String)> {
        let body: OrderedValue = serde_json::from_str(body).unwrap();
        let faults = kind.read(&body).unwrap_err().into_iter();
        faults
            .map(|fault| (fault.place, fault.value, fault.remedy))
            .collect()
    }

    #[test]
    fn all_faults_of_a_command_are_reported_at_once_with_their_places() {
        let body =
            r#"{"check": "open api", "green": "yes", "link": "ftp://x", "colour": 1, "colour": 2}"#;
        let places: Vec<_> = faults(CommandKind::Check, body)
            .into_iter()
            .map(|fault| fault.0)
            .collect();
        assert_eq!(
            places,
            ["/check", "/green", "/link", "/colour", "/reason", "/colour"]
        );
    }

    #[test]
    fn a_fault_names_the_value_and_what_is_expected() {
        let body = r#"{"to": "cutoff", "reason": "quiet"}"#;
        let expected = ("/to", "cutoff", "observe, compat, cutover or retired");
        let (place, value, remedy) = &faults(CommandKind::Transition, body)[0];
        assert_eq!((place.as_str(), value.as_str(), remedy.as_str()), expected);
        let body = r#"{"to": "retired", "override": ["coverage"], "reason": "quiet"}"#;
        assert_eq!(faults(CommandKind::Transition, body)[0].0, "/override");
        assert_eq!(faults(CommandKind::Transition, "[]")[0].0, "");
        let body = r#"{"to": "cutover", "override": ["coverage", "a b"], "reason": null}"#;
        let places: Vec<_> = faults(CommandKind::Transition, body)
            .into_iter()
            .map(|fault| fault.0)
            .collect();
        assert_eq!(places, ["/override/1", "/reason"]);
    }

    #[test]
    fn the_faults_of_a_policy_are_placed_in_the_body() {
        let body = r#"{"policy": {"coverage_ratio": 2, "processes": 0}, "reason": "tighter"}"#;
        let places: Vec<_> = faults(CommandKind::Policy, body)
            .into_iter()
            .map(|fault| fault.0)
            .collect();
        assert_eq!(places, ["/policy/coverage_ratio", "/policy/processes"]);
    }
}
