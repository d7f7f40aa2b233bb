//! The proof of one operation.

use serde_json::Value;

use super::{
    condition::{Matched, try_outcome},
    confirmation::Case,
    legacy_values::LegacyValues,
    possible::{Aspect, Possible, ResponseGap},
    prover::{ContractEndpoint, Dropped, Findings, Prover},
    representatives::statuses,
    subject::{Given, Subject},
};
use crate::{
    contract::{LegacyShape, Outcome, compile::taken_statuses, definition::body_shape::BodyShape},
    openapi::{
        document::{
            operation::{Operation, StatusKey},
            place::{Side, Spoiled},
        },
        finding::{Finding, FindingKind, Verdict},
        values::{
            gap::{Gap, GapRule, Witness},
            value_set::ValueSet,
        },
    },
};

impl<'d> Prover<'d> {
    pub(super) fn operation(
        &self,
        old: Option<&Operation<'d>>,
        new: &Operation<'d>,
        endpoint: Option<ContractEndpoint<'_>>,
        dropped: &Dropped<'_>,
        findings: &mut Findings,
    ) {
        let subject = Subject {
            old,
            new,
            endpoint,
            requests: self.requests(old, new),
            name: old.unwrap_or(new).name(),
        };
        let spoiled = [old, Some(new)].into_iter().flatten();
        let spoiled = spoiled.filter_map(|operation| operation.responses.as_ref().err());
        let mut intact = true;
        for spoiled in spoiled {
            intact = false;
            findings.add(unreadable(spoiled).at(&subject.name));
        }
        if !intact {
            return;
        }
        let mut given = Given::default();
        for response in new.responses.as_deref().unwrap_or_default() {
            match response.key {
                StatusKey::Status(_) => {}
                StatusKey::Class(class) => given.classes.push(class),
                StatusKey::Default => given.classes.push(0),
            }
            for status in statuses(&subject, response) {
                for possible in Possible::documented(response, status) {
                    let proved = self.responses(&subject, possible, &mut given, findings);
                    if let Err(spoiled) = proved {
                        findings.add(unreadable(&spoiled).at(format!("{} {status}", subject.name)));
                    }
                }
            }
        }
        self.outcomes_that_do_not_occur(&subject, &given, findings);
        self.promises(&subject, &given, dropped, findings);
    }

    /// What clients send: old ones what OLD says, others what NEW says.
    fn requests(&self, old: Option<&Operation<'d>>, new: &Operation<'d>) -> Option<ValueSet<'d>> {
        let operations = [Some(new), old].into_iter().flatten();
        let schemas = operations.filter_map(Operation::request_schema);
        // What OLD says is read as what can be sent, too.
        let sent: Vec<_> = schemas
            .map(|schema| ValueSet::Schema(schema.read_as(Side::Request)))
            .collect();
        (!sent.is_empty()).then(|| self.reader.union(sent))
    }

    /// All responses of a status and a media type: which outcomes they are, and whether OLD allows what becomes of them.
    fn responses(
        &self,
        subject: &Subject<'_, 'd>,
        possible: Possible<'d>,
        given: &mut Given,
        findings: &mut Findings,
    ) -> Result<(), Spoiled> {
        let mut left = Some(possible);
        let outcomes = subject.endpoint.map(|on| on.endpoint.outcomes());
        let status = left_status(left.as_ref());
        let of_status = |outcome: &&Outcome| {
            let mut taken = taken_statuses(outcome).into_iter();
            status.is_some_and(|status| taken.any(|taken| taken == status))
        };
        let outcomes: Vec<&Outcome> = outcomes
            .unwrap_or_default()
            .iter()
            .filter(of_status)
            .collect();
        for outcome in outcomes {
            let Some(possible) = left.take() else {
                break;
            };
            let matched: Matched<'d> =
                try_outcome(&self.reader, subject.requests.as_ref(), outcome, &possible)?;
            left = matched.left;
            let Some(matched) = matched.matched else {
                continue;
            };
            given.occurring.push(outcome.name().to_owned());
            match outcome.legacy_shape() {
                Some(shape) => {
                    given.statuses.push(shape.status());
                    self.shape(subject, outcome, shape, &matched, findings)?;
                }
                None => self.as_it_is(subject, &matched, given, findings),
            }
        }
        if let Some(other) = left {
            self.as_it_is(subject, &other, given, findings);
        }
        Ok(())
    }

    /// Responses that are not rewritten.
    fn as_it_is(
        &self,
        subject: &Subject<'_, 'd>,
        possible: &Possible<'d>,
        given: &mut Given,
        findings: &mut Findings,
    ) {
        given.statuses.push(possible.status);
        let Some(old) = subject.old else {
            return;
        };
        let case = subject.case(possible, None);
        let place = format!("{} {}", subject.name, possible.status);
        for gap in possible.gaps(&self.reader, old) {
            let id = as_is_id(subject, possible, &gap);
            let finding = self.finding(&gap, &id, &place, &case, findings);
            let finding = match gap.aspect {
                Aspect::Status => finding.hinted_by(old, possible.status),
                _ => finding,
            };
            findings.add(finding);
        }
    }

    /// Responses that are rewritten.
    fn shape(
        &self,
        subject: &Subject<'_, 'd>,
        outcome: &Outcome,
        shape: &LegacyShape,
        matched: &Possible<'d>,
        findings: &mut Findings,
    ) -> Result<(), Spoiled> {
        let Some((old, on)) = subject.old.zip(subject.endpoint) else {
            return Ok(());
        };
        let name = format!("{}.{}", on.endpoint.name(), outcome.name());
        let legacy = LegacyValues::of(
            &self.reader,
            subject.requests.as_ref(),
            subject.new.method == "GET",
            shape,
            matched,
        )?;
        let inputs = (shape.body != BodyShape::AsIs).then_some(legacy.inputs.as_slice());
        let case = subject.case(matched, inputs);
        let gaps = legacy.possible.gaps(&self.reader, old);
        for gap in &gaps {
            let gap = ResponseGap {
                gap: Gap {
                    new: None,
                    ..gap.gap.clone()
                },
                aspect: gap.aspect.clone(),
            };
            let what = match &gap.aspect {
                Aspect::Status => format!("{name} {}", legacy.possible.status),
                Aspect::MediaType => name.clone(),
                Aspect::Header(header) => format!("{name} {header}"),
                Aspect::Body => format!("{} {name} {}", gap.gap.rule, gap.gap.path),
            };
            findings.add(self.finding(&gap, &what, &name, &case, findings));
        }
        for missing in &legacy.stranding {
            let message = format!(
                "{name}: the response is not rewritten where {} {}",
                missing.origin, missing.lack
            );
            let id = format!("{name} /{}", missing.at.join("/"));
            let finding = Finding::new(FindingKind::Stranded, &id, message).at(&name);
            findings.add(finding.shown_by(self.stranding(&case, missing)));
        }
        if gaps.is_empty() && legacy.stranding.is_empty() {
            if !findings.shapes_proved.contains(&name) {
                findings.shapes_proved.push(name.clone());
            }
            if matched.gaps(&self.reader, old).is_empty() {
                let message = format!("{name}: OLD allows the target response as it is");
                let mut note = Finding::new(FindingKind::ShapeNotNeeded, &name, message);
                note.verdict = Verdict::Note;
                findings.add(note.at(name));
            }
        }
        Ok(())
    }

    /// A gap as a finding, with an example if one can be confirmed.
    fn finding(
        &self,
        gap: &ResponseGap<'d>,
        id: &str,
        place: &str,
        case: &Case<'_, 'd>,
        findings: &Findings,
    ) -> Finding {
        let kind = match gap.aspect {
            Aspect::Status => FindingKind::Status,
            Aspect::MediaType => FindingKind::MediaType,
            Aspect::Header(_) => FindingKind::Header,
            Aspect::Body => FindingKind::Body,
        };
        let finding = Finding::new(kind, id, message(gap, place)).at(place);
        if !findings.lacks_example(&finding.id) {
            return finding;
        }
        let absent = matches!(gap.aspect, Aspect::Header(_))
            && gap.gap.rule == GapRule::Constraint
            && gap.gap.old.is_none();
        let null = [Witness::Value(Value::Null)];
        let witnesses = if absent {
            &null
        } else {
            gap.gap.examples.as_slice()
        };
        let mut values = witnesses
            .iter()
            .flat_map(|witness| self.reader.values_of(witness));
        let example = values.find_map(|value| self.refutation(case, gap, &value));
        finding.shown_by(example)
    }
}

fn left_status(left: Option<&Possible<'_>>) -> Option<u16> {
    left.map(|possible| possible.status)
}

fn unreadable(spoiled: &Spoiled) -> Finding {
    let reason = &spoiled.reason;
    Finding::new(FindingKind::Unreadable, reason, reason.clone())
}

/// The same for all places where one schema of OLD does not allow something.
fn as_is_id(subject: &Subject<'_, '_>, possible: &Possible<'_>, gap: &ResponseGap<'_>) -> String {
    let here = format!("{} {}", subject.name, possible.status);
    let media = possible.media.as_deref().unwrap_or("no body");
    match &gap.aspect {
        Aspect::Status => here,
        Aspect::MediaType => format!("{here} {media}"),
        Aspect::Header(name) => format!("{here} {name}"),
        Aspect::Body => {
            let rule = gap.gap.rule;
            let member = match rule {
                GapRule::MissingMember | GapRule::ExtraMember => gap.gap.path.rsplit('/').next(),
                _ => None,
            };
            let member = member
                .map(|member| format!(" {member}"))
                .unwrap_or_default();
            match &gap.gap.old {
                Some(pointer) => format!("{rule} {pointer}{member}"),
                None => format!("{rule} {here} {}", gap.gap.path),
            }
        }
    }
}

fn message(gap: &ResponseGap<'_>, place: &str) -> String {
    let Gap {
        path,
        detail,
        old,
        new,
        ..
    } = &gap.gap;
    let path = match (&gap.aspect, path.as_str()) {
        (Aspect::Header(name), _) => format!(" header {name}"),
        (_, "") => String::new(),
        (_, path) => format!(" {path}"),
    };
    let old = old.as_ref().map(|old| format!(" by OLD {old}"));
    let new = new.as_ref().map(|new| format!(", NEW {new}"));
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    format!("{place}{path}: {detail}{old}{new}")
}
