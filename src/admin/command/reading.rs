//! Reading an order.

use std::str::FromStr;

use super::{
    command::{Command, CommandKind, Wish},
    fault::Fault,
    reader::Reader,
};
use crate::{
    caller::ClientVersion,
    diagnostics::Diagnostics,
    json::OrderedValue,
    rollout::{Phase, Policy, Reason},
};

impl CommandKind {
    /// Reads an order. Unknown members are refused.
    ///
    /// # Errors
    ///
    /// All faults at once.
    pub(crate) fn read(self, body: &OrderedValue) -> Result<Wish, Vec<Fault>> {
        let mut diagnostics = Diagnostics::default();
        let mut reader = Reader::new(body, &mut diagnostics);
        let command = self.command(&mut reader);
        let reason = reader.text::<Reason>("reason");
        let wish = command
            .zip(reason)
            .map(|(command, reason)| Wish { command, reason });
        reader.finish();
        let faults = diagnostics.into_faults();
        wish.filter(|_| faults.is_empty())
            .ok_or_else(|| faults.iter().map(Fault::from).collect())
    }

    fn command(self, reader: &mut Reader<'_, '_>) -> Option<Command> {
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
            Self::EndWaiver => reader.text("waived").map(Command::EndWaiver),
            Self::PostAnalysis => post_analysis(reader),
            Self::ClientRollback => client_rollback(reader),
            Self::Policy => policy(reader),
        }
    }
}

fn transition(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let to = reader.text::<Named<Phase>>("to");
    let overridden = reader.list("override");
    let (Named(to), overridden) = to.zip(overridden)?;
    if to != Phase::Cutover && !overridden.is_empty() {
        let remedy = "only a cutover can go against failing gates";
        reader.fault("override", to.as_str(), remedy);
    }
    Some(Command::Transition { to, overridden })
}

fn check(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let (check, green) = (reader.text("check"), reader.flag("green"));
    let link = reader.optional("link");
    Some(Command::Check {
        check: check?,
        green: green?,
        link,
    })
}

fn waive(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let (waived, owner) = (reader.text("waived"), reader.text("owner"));
    let until = reader.text("until");
    Some(Command::Waive {
        waived: waived?,
        owner: owner?,
        until: until?,
    })
}

fn post_analysis(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let rollback = reader.number("rollback");
    let (link, summary) = (reader.text("link"), reader.text("summary"));
    Some(Command::PostAnalysis {
        rollback: rollback?,
        link: link?,
        summary: summary?,
    })
}

fn client_rollback(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let kind = reader.text("kind");
    let version = reader.text::<Named<ClientVersion>>("version");
    let incident = reader.optional("incident");
    Some(Command::ClientRollback {
        kind: kind?,
        version: version?.0,
        incident,
    })
}

fn policy(reader: &mut Reader<'_, '_>) -> Option<Command> {
    let tree = reader.object("policy")?;
    let diagnostics = reader.diagnostics();
    let policy = diagnostics.at("policy", |diagnostics| Policy::read(tree, diagnostics));
    Some(Command::Policy(Box::new(policy)))
}

/// A type that is read by its name and has no error of its own for it.
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
    fn all_faults_of_an_order_are_told_at_once_with_their_places() {
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
    fn a_fault_names_the_value_and_what_would_be_right() {
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
