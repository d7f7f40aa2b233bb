//! What scalars of a set another does not allow.

use std::rc::Rc;

use serde_json::Value;

use super::{
    gap::{Gap, GapRule, MAX_EXAMPLES, Witness},
    reader::Reader,
    scalars,
    value_set::Alternative,
};

impl<'d> Reader<'d> {
    pub(super) fn scalar_gaps(
        &self,
        source: &Alternative<'d>,
        target: &[Alternative<'d>],
    ) -> Vec<Gap<'d>> {
        let alike: Vec<_> = target
            .iter()
            .filter(|target| target.kind.is_like(&source.kind))
            .collect();
        if let Some(values) = self.listed(&source.kind) {
            return self.listed_gaps(&values, &alike, source);
        }
        let proved = alike.iter().any(|target| {
            scalars::implies(&source.kind, &target.kind)
                && self.opaque_gap(source, target).is_none()
        });
        if proved {
            return Vec::new();
        }
        let rule = match alike.as_slice() {
            [] => GapRule::Type,
            alike if alike.iter().all(|target| target.kind.listed().is_some()) => GapRule::Value,
            _ => GapRule::Constraint,
        };
        let detail = match rule {
            GapRule::Type => format!("{} is not allowed", source.kind.name()),
            GapRule::Value => "a value that is not listed".to_owned(),
            _ => "not all values satisfy the constraints".to_owned(),
        };
        let alike: Rc<[Alternative<'d>]> = alike.into_iter().cloned().collect();
        let source = Rc::new(source.clone());
        let refused = |index| Witness::Refused(Rc::clone(&source), Rc::clone(&alike), index);
        let mut examples: Vec<Witness<'d>> = (0..MAX_EXAMPLES).map(refused).collect();
        if alike.iter().any(|target| !target.opaque.is_empty()) {
            examples.push(Witness::Varied(source));
        }
        vec![Gap::with_examples(rule, detail, examples)]
    }

    fn listed_gaps(
        &self,
        values: &[Value],
        target: &[&Alternative<'d>],
        source: &Alternative<'d>,
    ) -> Vec<Gap<'d>> {
        let allows = |value: &Value| {
            target.iter().any(|target| {
                self.checks.allows(&target.kind, value) == Some(true)
                    && self.opaque_gap(source, target).is_none()
            })
        };
        let refused: Vec<Value> = values.iter().filter(|v| !allows(v)).cloned().collect();
        if refused.is_empty() {
            return Vec::new();
        }
        let rule = match target {
            [] => GapRule::Type,
            target if target.iter().all(|target| target.kind.listed().is_some()) => GapRule::Value,
            _ => GapRule::Constraint,
        };
        let shown: Vec<String> = refused.iter().map(Value::to_string).collect();
        let detail = format!("{} is not allowed", shown.join(", "));
        let examples = refused
            .into_iter()
            .take(MAX_EXAMPLES)
            .map(Witness::Value)
            .collect();
        vec![Gap::with_examples(rule, detail, examples)]
    }
}
