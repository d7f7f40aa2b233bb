//! What OLD promises, and what a contract expects of NEW, that no response shows.

use serde_json::Value;

use super::{
    operation_proof::{Given, Subject},
    possible::{Possible, PossibleBody},
    prover::{Dropped, Findings, Prover},
};
use crate::{
    contract::{Outcome, compile::taken_statuses},
    openapi::{
        document::operation::{Operation, Response, StatusKey},
        finding::{Example, Finding, FindingKind},
    },
};

impl<'d> Prover<'d> {
    pub(super) fn outcomes_that_do_not_occur(
        &self,
        subject: &Subject<'_, 'd>,
        given: &Given,
        findings: &mut Findings,
    ) {
        let Some(on) = subject.endpoint else {
            return;
        };
        let outcomes = on.endpoint.outcomes().iter();
        for outcome in
            outcomes.filter(|outcome| !given.occurring.contains(&outcome.name().to_owned()))
        {
            let name = format!("{}.{}", on.endpoint.name(), outcome.name());
            let message = format!("{name}: no response of NEW is this outcome");
            let finding = Finding::new(FindingKind::OutcomeImpossible, &name, message);
            let example = self.another_response(subject, outcome);
            findings.add(finding.at(name).shown_by(example));
        }
    }

    /// What NEW responds instead of an outcome: of its status, or else of another.
    fn another_response(&self, subject: &Subject<'_, 'd>, outcome: &Outcome) -> Option<Example> {
        let responses = subject.new.responses.as_deref().unwrap_or_default();
        let mut taken = taken_statuses(outcome)
            .into_iter()
            .map(|status| status.as_u16());
        let own = taken.find_map(|status| Some((subject.new.response(status)?, status)));
        let (response, status) = match own {
            Some(own) => own,
            None => responses.iter().find_map(|response| match response.key {
                StatusKey::Status(status) => Some((response, status)),
                _ => None,
            })?,
        };
        let possible = Possible::documented(response, status).into_iter().next()?;
        let body = match &possible.body {
            PossibleBody::Values(set) => self.reader.sample(set)?,
            _ => Value::Null,
        };
        let target = self.response(&possible, body);
        let name = outcome.name();
        self.is_response(subject.new, &target).then(|| Example {
            request: self.request(subject.new),
            target: Some(target),
            legacy: None,
            violation: match own {
                Some(_) => format!("NEW responds like this, and nothing that is {name}"),
                None => format!(
                    "NEW responds like this, and never with {}",
                    outcome.statuses()
                ),
            },
        })
    }

    /// Whether each status that OLD documents is still given.
    pub(super) fn promises(
        &self,
        subject: &Subject<'_, 'd>,
        given: &Given,
        dropped: &Dropped<'_>,
        findings: &mut Findings,
    ) {
        let Some(old) = subject.old else {
            return;
        };
        for promise in old.responses.as_deref().unwrap_or_default() {
            let class_is_given =
                |class: u16| given.classes.iter().any(|own| *own == 0 || *own == class);
            let kept = match promise.key {
                StatusKey::Status(status) => {
                    given.statuses.contains(&status) || class_is_given(status / 100)
                }
                StatusKey::Class(class) => {
                    class_is_given(class)
                        || given.statuses.iter().any(|status| status / 100 == class)
                }
                StatusKey::Default => true,
            };
            let listed = match promise.key {
                StatusKey::Status(status) if !kept => dropped.lists(old, Some(status)),
                _ => false,
            };
            if kept || listed {
                continue;
            }
            let key = promise.key;
            let name = format!("{} {key}", subject.name);
            let message = format!("{name} is documented by OLD and never given any more");
            let example = self.promised(old, key, &format!("NEW never responds with {key}"));
            let finding = Finding::new(FindingKind::ResponseDropped, &name, message);
            let finding = finding.at(name).shown_by(example);
            findings.add(match key {
                StatusKey::Status(status) => finding.hinted_by(subject.new, status),
                _ => finding,
            });
        }
    }
}

impl Finding {
    /// Adds prose of an operation that mentions a status.
    pub(super) fn hinted_by(mut self, operation: &Operation<'_>, status: u16) -> Self {
        let own = ["summary", "description"].into_iter();
        let own = own.filter_map(|member| operation.place.text(member));
        let responses = operation.responses.as_deref().unwrap_or_default();
        let mut prose = own.chain(responses.iter().map(Response::description));
        let status = status.to_string();
        let found = prose.find(|text| {
            let mut words = text.split(|c: char| !c.is_ascii_alphanumeric());
            words.any(|word| word == status)
        });
        self.hint = found.map(|text| text.chars().take(200).collect());
        self
    }
}
