//! What one part of a response or request may still be, where earlier outcomes have taken what they match.

use std::collections::{BTreeSet, HashSet};

use super::pattern::{Pattern, PatternState};
use crate::{
    contract::definition::condition::{Alternative, Condition, MatchTarget, Matcher},
    json::{OrderedValue, Scalar},
};

/// What a part may be: what all the matchers `within` match, and none of those `taken`.
#[derive(Clone)]
pub(super) struct Remainder<'c> {
    pub(super) on: &'c MatchTarget,
    within: Vec<&'c Matcher>,
    taken: Vec<&'c Matcher>,
}

impl<'c> Remainder<'c> {
    /// Anything that the part can be.
    pub(super) fn anything(on: &'c MatchTarget) -> Self {
        let (within, taken) = (Vec::new(), Vec::new());
        Self { on, within, taken }
    }

    pub(super) fn of(condition: &'c Condition) -> Self {
        Self::anything(&condition.on).within(&condition.matcher)
    }

    pub(super) fn within(&self, matcher: &'c Matcher) -> Self {
        let mut narrowed = self.clone();
        narrowed.within.push(matcher);
        narrowed
    }

    pub(super) fn without(&self, matcher: &'c Matcher) -> Self {
        let mut narrowed = self.clone();
        narrowed.taken.push(matcher);
        narrowed
    }

    /// Whether nothing is left. Looks at no more texts than `steps` allow; what is not found out counts as left.
    pub(super) fn is_empty(&self, steps: &mut usize) -> bool {
        !(self.has_absence() || self.has_value() || self.has_text(steps))
    }

    /// Whether it may be absent.
    pub(super) fn has_absence(&self) -> bool {
        let is_parameter = matches!(self.on, MatchTarget::PathParameter(_));
        let is_optional = !is_parameter && !self.on.is_whole_body();
        let has = |matcher: &&Matcher| matcher.allows_absence();
        is_optional && self.within.iter().all(has) && !self.taken.iter().any(has)
    }

    /// Whether it may be an object or an array.
    pub(super) fn has_object(&self) -> bool {
        let has_any = |matcher: &&Matcher| matcher.0.contains(&Alternative::Present);
        self.on.is_json_field()
            && self.within.iter().all(has_any)
            && !self.taken.iter().any(has_any)
    }

    /// Whether it may be a value of a field that is no string, or one that is listed.
    fn has_value(&self) -> bool {
        let mut listed = self.within.iter().flat_map(|matcher| &matcher.0);
        self.has_object()
            || listed.any(|alternative| match alternative {
                Alternative::Value(OrderedValue::Scalar(value)) => self.is_possible(value),
                _ => false,
            })
    }

    fn is_possible(&self, value: &Scalar) -> bool {
        let is_empty_parameter = matches!(self.on, MatchTarget::PathParameter(_)) && *value == *"";
        let has = |matcher: &&Matcher| matcher.0.iter().any(|one| one.is_possible(value));
        !is_empty_parameter && self.within.iter().all(has) && !self.taken.iter().any(has)
    }

    /// Whether it may be a text that is not listed.
    fn has_text(&self, steps: &mut usize) -> bool {
        let has_any = |matcher: &&Matcher| matcher.0.contains(&Alternative::Present);
        if self.taken.iter().any(has_any) {
            return false;
        }
        let has_pattern = |matcher: &&Matcher| matcher.0.iter().any(Alternative::is_pattern);
        let all = self.within.iter().chain(&self.taken);
        if !all.clone().any(has_pattern) {
            // There are more texts than any list has.
            return self.within.iter().all(has_any);
        }
        let is_parameter = matches!(self.on, MatchTarget::PathParameter(_));
        let not_empty = is_parameter.then(|| Pattern::parse("?*")).flatten();
        let within = self.within.iter().map(|matcher| patterns(matcher));
        TextSearch {
            within: within.chain(not_empty.map(|one| vec![one])).collect(),
            taken: self.taken.iter().flat_map(|of| patterns(of)).collect(),
            characters: characters(all.copied()),
        }
        .finds(steps)
    }
}

impl Alternative {
    fn is_pattern(&self) -> bool {
        matches!(self, Self::Pattern(_))
    }

    fn is_possible(&self, value: &Scalar) -> bool {
        match self {
            Self::Value(OrderedValue::Scalar(own)) => own.is_same(value),
            Self::Pattern(text) => {
                let pattern = Pattern::parse(text);
                let text = value.as_str();
                text.is_some_and(|text| pattern.is_some_and(|of| of.matches(text.as_bytes())))
            }
            Self::Present => true,
            Self::Value(_) | Self::Absent => false,
        }
    }
}

/// The texts that a matcher matches.
fn patterns(matcher: &Matcher) -> Vec<Pattern> {
    let patterns = matcher.0.iter().map(|alternative| match alternative {
        Alternative::Value(value) => Pattern::literal(value.as_str()?),
        Alternative::Pattern(text) => Pattern::parse(text),
        Alternative::Present => Pattern::parse("*"),
        Alternative::Absent => None,
    });
    patterns.flatten().collect()
}

/// All characters that matchers name, and one that they do not, which stands for all others.
fn characters<'c>(matchers: impl Iterator<Item = &'c Matcher>) -> Vec<char> {
    let texts = matchers
        .flat_map(|matcher| &matcher.0)
        .map(|one| match one {
            Alternative::Value(value) => value.as_str().unwrap_or_default(),
            Alternative::Pattern(text) => text,
            Alternative::Present | Alternative::Absent => "",
        });
    let named: BTreeSet<char> = texts.flat_map(str::chars).collect();
    let other = ('a'..=char::MAX).find(|c| !named.contains(c));
    named.into_iter().chain(other).collect()
}

/// Looks for a text that one pattern of each group `within` matches, and none of those `taken`: the shortest first, following all
/// patterns at once.
struct TextSearch {
    within: Vec<Vec<Pattern>>,
    taken: Vec<Pattern>,
    characters: Vec<char>,
}

impl TextSearch {
    fn finds(&self, steps: &mut usize) -> bool {
        let start: Vec<PatternState> = self.patterns().map(|_| PatternState::START).collect();
        let mut met = HashSet::from([start.clone()]);
        let mut next = vec![start];
        while !next.is_empty() {
            for states in std::mem::take(&mut next) {
                *steps = steps.saturating_sub(1);
                if *steps == 0 || self.accepts(&states) {
                    return true;
                }
                for &character in &self.characters {
                    let states = self.step(&states, character);
                    if self.is_alive(&states) && met.insert(states.clone()) {
                        next.push(states);
                    }
                }
            }
        }
        false
    }

    fn patterns(&self) -> impl Iterator<Item = &Pattern> {
        self.within.iter().flatten().chain(&self.taken)
    }

    fn step(&self, states: &[PatternState], character: char) -> Vec<PatternState> {
        let mut buffer = [0; 4];
        let bytes = character.encode_utf8(&mut buffer).as_bytes();
        let states = self.patterns().zip(states);
        let step = |(pattern, state): (&Pattern, &PatternState)| {
            bytes
                .iter()
                .fold(*state, |state, byte| pattern.step(state, *byte))
        };
        states.map(step).collect()
    }

    fn accepts(&self, states: &[PatternState]) -> bool {
        let accepts = |(pattern, state): (&Pattern, &PatternState)| pattern.accepts(*state);
        let (within, taken) = self.split(states);
        within.into_iter().all(|mut group| group.any(accepts))
            && !self.taken.iter().zip(taken).any(accepts)
    }

    /// Whether each group may still match.
    fn is_alive(&self, states: &[PatternState]) -> bool {
        let (within, _) = self.split(states);
        let is_alive = |(_, state): (&Pattern, &PatternState)| state.is_alive();
        within.into_iter().all(|mut group| group.any(is_alive))
    }

    /// The groups with their states, and the states of what is taken.
    fn split<'s>(
        &'s self,
        mut states: &'s [PatternState],
    ) -> (
        Vec<impl Iterator<Item = (&'s Pattern, &'s PatternState)>>,
        &'s [PatternState],
    ) {
        let mut groups = Vec::new();
        for group in &self.within {
            let (own, rest) = states.split_at(group.len());
            groups.push(group.iter().zip(own));
            states = rest;
        }
        (groups, states)
    }
}
