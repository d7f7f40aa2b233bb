//! Commands and how they are read.

use std::{fmt::Display, str::FromStr, time::Duration};

use crate::{
    caller::ClientVersion,
    diagnostics::{Diagnostics, Fault, FaultCode},
    json::{ObjectReader, OrderedValue},
    rollout::{
        Phase, Transition,
        names::{
            ContractDigest, Identifier, IncidentId, InstanceId, Link, Owner, Reason, Summary,
            WaiverTarget,
        },
        policy::Policy,
    },
    time::{Timestamp, parse_duration},
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
        /// The cutover to take back, and no later one.
        cutover: Option<u64>,
    },
    ExtendRollback(Timestamp),
    AnnounceBrownout {
        start: Timestamp,
        length: Duration,
    },
    EndBrownout {
        /// The number of the event of its announcement.
        brownout: u64,
        incident: Option<IncidentId>,
    },
    Check {
        check: Identifier,
        green: bool,
        link: Option<Link>,
        contract_digest: Option<ContractDigest>,
    },
    OpenIncident(IncidentId),
    CloseIncident(IncidentId),
    /// Of the instances that share the census.
    WriteOffInstance(InstanceId),
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
    Policy {
        policy: Box<Policy>,
        /// The members that it loosens.
        loosened: Vec<String>,
    },
}

/// The kind of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommandKind {
    Transition,
    Rollback,
    ExtendRollback,
    AnnounceBrownout,
    EndBrownout,
    Check,
    OpenIncident,
    CloseIncident,
    WriteOffInstance,
    Waive,
    EndWaiver,
    PostAnalysis,
    ClientRollback,
    Policy,
}

impl CommandKind {
    /// Reads a command. Unknown members are faults.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub(crate) fn read(self, body: &OrderedValue) -> Result<CommandRequest, Vec<Fault>> {
        let mut diagnostics = Diagnostics::default();
        let mut reader = ObjectReader::new(body, &mut diagnostics);
        let command = self.command(&mut reader);
        let reason = required::<Reason>(&mut reader, "reason");
        reader.finish();
        let faults = diagnostics.into_faults();
        match (command, reason) {
            (Some(command), Some(reason)) if faults.is_empty() => {
                Ok(CommandRequest { command, reason })
            }
            _ => Err(faults),
        }
    }

    fn command(self, reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
        match self {
            Self::Transition => transition(reader),
            Self::Rollback => {
                let incident = required(reader, "incident");
                let cutover = event_number(reader, "cutover");
                Some(Command::Rollback {
                    incident: incident?,
                    cutover,
                })
            }
            Self::ExtendRollback => required(reader, "until").map(Command::ExtendRollback),
            Self::AnnounceBrownout => announce_brownout(reader),
            Self::EndBrownout => {
                reader.require("brownout");
                let brownout = event_number(reader, "brownout");
                let incident = optional(reader, "incident");
                Some(Command::EndBrownout {
                    brownout: brownout?,
                    incident,
                })
            }
            Self::Check => check(reader),
            Self::OpenIncident => required(reader, "incident").map(Command::OpenIncident),
            Self::CloseIncident => required(reader, "incident").map(Command::CloseIncident),
            Self::WriteOffInstance => required(reader, "instance").map(Command::WriteOffInstance),
            Self::Waive => waive(reader),
            Self::EndWaiver => required(reader, "target").map(Command::EndWaiver),
            Self::PostAnalysis => post_analysis(reader),
            Self::ClientRollback => client_rollback(reader),
            Self::Policy => {
                reader.require("policy");
                let policy = reader.nested("policy", Policy::read);
                let loosened = reader.string_list("override");
                Some(Command::Policy {
                    policy: Box::new(policy?),
                    loosened,
                })
            }
        }
    }
}

fn transition(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    // A phase, or the transition that leads to it.
    let find =
        |word: &str| Phase::find(word).or_else(|| Transition::find(word).map(Transition::to));
    let to = named(reader, "to", find, "compat, cutover or retired");
    let texts = reader.string_list("override");
    let overridden = reader.diagnostics.at("override", |diagnostics| {
        let names = texts.iter().enumerate();
        let names = names
            .map(|(index, text)| diagnostics.at(index, |diagnostics| parse(text, diagnostics)));
        // All of them, so that each has its fault.
        names.collect::<Vec<Option<Identifier>>>()
    });
    let to = to?;
    if to != Phase::Cutover && !overridden.is_empty() {
        let expected = "no overrides: only a cutover can override failing gates";
        reader.add("override", FaultCode::InvalidValue, to.as_str(), expected);
    }
    let overridden = overridden.into_iter().collect::<Option<_>>()?;
    Some(Command::Transition { to, overridden })
}

fn announce_brownout(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    let start = required(reader, "start");
    let expected = "a duration from 1m to 1h";
    let length = named(reader, "length", parse_duration, expected);
    Some(Command::AnnounceBrownout {
        start: start?,
        length: length?,
    })
}

fn check(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    let check = required(reader, "check");
    reader.require("green");
    let green = reader.boolean("green");
    let link = optional(reader, "link");
    let contract_digest = optional(reader, "contract_digest");
    Some(Command::Check {
        check: check?,
        green: green?,
        link,
        contract_digest,
    })
}

fn waive(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    let target = required(reader, "target");
    let owner = required(reader, "owner");
    let until = required(reader, "until");
    Some(Command::Waive {
        target: target?,
        owner: owner?,
        until: until?,
    })
}

fn post_analysis(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    reader.require("rollback");
    let seq = event_number(reader, "rollback");
    let link = required(reader, "link");
    let summary = required(reader, "summary");
    Some(Command::PostAnalysis {
        rollback: seq?,
        link: link?,
        summary: summary?,
    })
}

fn client_rollback(reader: &mut ObjectReader<'_, '_>) -> Option<Command> {
    let kind = required(reader, "kind");
    let expected = "a version of one to four numbers such as 1.4.2, of at most 32 characters";
    let version = named(
        reader,
        "version",
        |text| ClientVersion::parse(text),
        expected,
    );
    let incident = optional(reader, "incident");
    Some(Command::ClientRollback {
        kind: kind?,
        version: version?,
        incident,
    })
}

/// The sequence number of an event.
fn event_number(reader: &mut ObjectReader<'_, '_>, name: &'static str) -> Option<u64> {
    let number = reader.integer(name)?;
    let seq = u64::try_from(number).ok();
    if seq.is_none() {
        let expected = "the number of an event";
        reader.add(name, FaultCode::OutOfRange, number.to_string(), expected);
    }
    seq
}

/// A required string that parses.
fn required<T: FromStr<Err: Display>>(
    reader: &mut ObjectReader<'_, '_>,
    name: &'static str,
) -> Option<T> {
    reader.require(name);
    optional(reader, name)
}

/// An optional string that parses.
fn optional<T: FromStr<Err: Display>>(
    reader: &mut ObjectReader<'_, '_>,
    name: &'static str,
) -> Option<T> {
    let text = reader.string(name)?;
    reader
        .diagnostics
        .at(name, |diagnostics| parse(&text, diagnostics))
}

fn parse<T: FromStr<Err: Display>>(text: &str, diagnostics: &mut Diagnostics) -> Option<T> {
    let add = |error: T::Err| {
        let expected = format!("a valid value ({error})");
        diagnostics.add(FaultCode::InvalidValue, text, expected);
    };
    text.parse().map_err(add).ok()
}

/// A required string of a type without an error of its own.
fn named<T>(
    reader: &mut ObjectReader<'_, '_>,
    name: &'static str,
    find: impl FnOnce(&str) -> Option<T>,
    expected: &str,
) -> Option<T> {
    let text = reader.required_string(name)?;
    let found = find(&text);
    if found.is_none() {
        reader.add(name, FaultCode::InvalidValue, text, expected);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn faults(kind: CommandKind, body: &str) -> Vec<(String, String, String)> {
        let body: OrderedValue = serde_json::from_str(body).unwrap();
        let faults = kind.read(&body).unwrap_err().into_iter();
        faults
            .map(|fault| {
                let texts = [fault.place(), fault.value(), fault.expected()];
                texts.map(str::to_owned).into()
            })
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
            ["/colour", "/check", "/green", "/link", "/reason", "/colour"]
        );
    }

    #[test]
    fn a_fault_names_the_value_and_what_is_expected() {
        let body = r#"{"to": "cutoff", "reason": "quiet"}"#;
        let expected = ("/to", "cutoff", "compat, cutover or retired");
        let (place, value, text) = &faults(CommandKind::Transition, body)[0];
        assert_eq!((place.as_str(), value.as_str(), text.as_str()), expected);
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
