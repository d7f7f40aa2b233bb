//! Values of a set, for examples.

use serde_json::{Map, Value};

use super::{
    gap::Witness,
    magnitude::number,
    reader::Reader,
    text_sample::texts_like,
    value_set::{Alternative, Items, Kind, Members, Numbers, Texts, ValueSet},
};

/// Values within more objects and arrays than this are not made.
const MAX_DEPTH: u8 = 16;

/// How deep the parts are that are varied.
const MAX_VARIED_DEPTH: u8 = 5;

impl<'d> Reader<'d> {
    /// A small value of a set; `None` if none is found.
    pub(crate) fn sample(&self, set: &ValueSet<'d>) -> Option<Value> {
        self.sample_at(set, MAX_DEPTH)
    }

    /// The values that may show a gap.
    pub(crate) fn values_of(&self, witness: &Witness<'d>) -> Vec<Value> {
        const MAX_VARIED: usize = 24;
        let values = match witness {
            Witness::Value(value) => vec![value.clone()],
            Witness::Of(set) => self.sample(set).into_iter().collect(),
            Witness::Varied(alternative) => {
                self.samples(&ValueSet::any_of(vec![(**alternative).clone()]))
            }
            Witness::Refused(source, target, index) => {
                let target: Vec<_> = target.iter().collect();
                let refused = self.refused(source, &target).nth(*index);
                refused.into_iter().collect()
            }
            Witness::Member(object, name, part) => {
                let with = |part: &Value| {
                    let part = ValueSet::fixed([part]);
                    self.sample_of(&object.with_member(name, Some(part)))
                };
                self.values_of(part).iter().filter_map(with).collect()
            }
            Witness::Element(array, index, part) => {
                let with = |part: &Value| match &array.kind {
                    Kind::Array(items) => self.array_of(items, items.least, Some((*index, part))),
                    _ => None,
                };
                self.values_of(part).iter().filter_map(with).collect()
            }
        };
        values.into_iter().take(MAX_VARIED).collect()
    }

    /// Values of a set: a small one of each alternative, then full ones that differ in one part each.
    pub(crate) fn samples(&self, set: &ValueSet<'d>) -> Vec<Value> {
        const MAX_SAMPLES: usize = 200;
        let alternatives = self.alternatives(set).unwrap_or_else(|_| [].into());
        let small = alternatives
            .iter()
            .filter_map(|alternative| self.sample_of(alternative));
        let mut samples: Vec<Value> = small.collect();
        samples.extend(self.variants(set, MAX_VARIED_DEPTH));
        samples.truncate(MAX_SAMPLES);
        samples
    }

    /// A value with all members and an element in each array, and others with one other part.
    fn variants(&self, set: &ValueSet<'d>, depth: u8) -> Vec<Value> {
        const MAX_VARIANTS: usize = 60;
        let Some(depth) = depth.checked_sub(1) else {
            return self.sample(set).into_iter().collect();
        };
        let alternatives = self.alternatives(set).unwrap_or_else(|_| [].into());
        let all = alternatives
            .iter()
            .flat_map(|alternative| match &alternative.kind {
                Kind::Object(members) => self.object_variants(members, depth),
                Kind::Array(items) => self.array_variants(items, depth),
                _ => self.pool(alternative, &[]),
            });
        all.take(MAX_VARIANTS).collect()
    }

    fn object_variants(&self, members: &Members<'d>, depth: u8) -> Vec<Value> {
        let varied = members.named.iter().map(|(name, member)| {
            let mut values: Vec<_> = self
                .variants(&member.set, depth)
                .into_iter()
                .map(Some)
                .collect();
            if !member.required {
                values.insert(values.len().min(1), None);
            }
            (name, values)
        });
        let varied: Vec<(&String, Vec<Option<Value>>)> = varied.collect();
        let first = |(name, values): &(&String, Vec<Option<Value>>)| {
            Some(((*name).clone(), values.first()?.clone()?))
        };
        let full: Map<String, Value> = varied.iter().filter_map(first).collect();
        let others = varied
            .iter()
            .flat_map(|(name, values)| values.iter().skip(1).map(|value| (*name, value)));
        let others = others.map(|(name, value)| {
            let mut object = full.clone();
            match value {
                Some(value) => object.insert(name.clone(), value.clone()),
                None => object.remove(name),
            };
            Value::Object(object)
        });
        std::iter::once(full.clone().into()).chain(others).collect()
    }

    fn array_variants(&self, items: &Items<'d>, depth: u8) -> Vec<Value> {
        let one = usize::try_from(items.least).unwrap_or(usize::MAX).max(1);
        if one > 8 || items.most.is_some_and(|most| most < one as u64) {
            return self
                .array_of(items, items.least, None)
                .into_iter()
                .collect();
        }
        let with = |element: Value| self.array_of(items, one as u64, Some((0, &element)));
        let full = self
            .variants(items.at(0), depth)
            .into_iter()
            .filter_map(with);
        let least = self
            .array_of(items, items.least, None)
            .filter(|_| items.least == 0);
        // One element more than have a schema of their own.
        let beyond = items.first.len() as u64 + 1;
        let fits = beyond > one as u64 && items.most.is_none_or(|most| beyond <= most);
        let long = self.array_of(items, beyond, None).filter(|_| fits);
        full.chain(least).chain(long).collect()
    }

    /// A small value of an alternative.
    pub(super) fn sample_of(&self, alternative: &Alternative<'d>) -> Option<Value> {
        self.alternative_sample(alternative, MAX_DEPTH)
    }

    fn sample_at(&self, set: &ValueSet<'d>, depth: u8) -> Option<Value> {
        let depth = depth.checked_sub(1)?;
        let alternatives = self.alternatives(set).ok()?;
        // Null says least about the others.
        let (null, others): (Vec<_>, Vec<_>) = alternatives
            .iter()
            .partition(|alternative| matches!(alternative.kind, Kind::Null));
        let mut candidates = others.into_iter().chain(null);
        candidates.find_map(|alternative| self.alternative_sample(alternative, depth))
    }

    fn alternative_sample(&self, alternative: &Alternative<'d>, depth: u8) -> Option<Value> {
        match &alternative.kind {
            Kind::Object(members) => self.object_sample(members, depth),
            Kind::Array(items) => self.array_sample(items, items.least, None, depth),
            _ => self.pool(alternative, &[]).into_iter().next(),
        }
    }

    fn object_sample(&self, members: &Members<'d>, depth: u8) -> Option<Value> {
        let mut made = Map::new();
        for (name, member) in members.named.iter().filter(|(_, member)| member.required) {
            made.insert(name.clone(), self.sample_at(&member.set, depth)?);
        }
        Some(Value::Object(made))
    }

    /// An array of this length, or longer if an element is given for an index beyond it.
    pub(super) fn array_of(
        &self,
        items: &Items<'d>,
        length: u64,
        element: Option<(usize, &Value)>,
    ) -> Option<Value> {
        self.array_sample(items, length, element, MAX_DEPTH)
    }

    fn array_sample(
        &self,
        items: &Items<'d>,
        length: u64,
        element: Option<(usize, &Value)>,
        depth: u8,
    ) -> Option<Value> {
        let length = usize::try_from(length)
            .ok()
            .filter(|length| *length <= 1_000)?;
        let length = element.map_or(length, |(index, _)| length.max(index + 1));
        let item = |index: usize| match element {
            Some((given, value)) if given == index => Some(value.clone()),
            _ => self.sample_at(items.at(index), depth),
        };
        (0..length)
            .map(item)
            .collect::<Option<Vec<_>>>()
            .map(Value::Array)
    }

    /// Values of a scalar alternative, at its bounds and at those of others.
    pub(super) fn pool(&self, source: &Alternative<'d>, others: &[&Alternative<'d>]) -> Vec<Value> {
        let mut pool = source.kind.listed().unwrap_or_default();
        if pool.is_empty() {
            pool = documented_examples(source);
            match &source.kind {
                Kind::Number(numbers) => {
                    let others = others.iter().filter_map(|other| match &other.kind {
                        Kind::Number(numbers) => Some(numbers),
                        _ => None,
                    });
                    pool.extend(number_pool(numbers, others));
                }
                Kind::Text(texts) => {
                    let others = others.iter().filter_map(|other| match &other.kind {
                        Kind::Text(texts) => Some(texts),
                        _ => None,
                    });
                    pool.extend(text_pool(texts, others).into_iter().map(Value::from));
                }
                _ => {}
            }
        }
        pool.retain(|value| self.checks.allows(&source.kind, value) != Some(false));
        pool
    }

    /// Values of a scalar alternative that none of the others allows.
    fn refused<'a>(
        &'a self,
        source: &Alternative<'d>,
        target: &'a [&'a Alternative<'d>],
    ) -> impl Iterator<Item = Value> + use<'a, 'd> {
        let pool = self.pool(source, target).into_iter();
        pool.filter(|value| {
            let mut target = target.iter();
            target.all(|target| self.checks.allows(&target.kind, value) == Some(false))
        })
    }

    /// Whether there is certainly no value.
    pub(crate) fn is_empty(&self, set: &ValueSet<'d>, depth: u8) -> bool {
        let Some(depth) = depth.checked_sub(1) else {
            return false;
        };
        self.alternatives(set).is_ok_and(|alternatives| {
            alternatives.iter().all(|alternative| {
                let Some(members) = alternative.members() else {
                    return self
                        .listed(&alternative.kind)
                        .is_some_and(|values| values.is_empty());
                };
                let mut required = members.named.values().filter(|member| member.required);
                required.any(|member| self.is_empty(&member.set, depth))
            })
        })
    }

    /// All values, if it is a scalar whose values are listed, without those that its other constraints do not allow.
    pub(crate) fn listed(&self, kind: &Kind<'d>) -> Option<Vec<Value>> {
        let mut values = kind.listed()?;
        values.retain(|value| self.checks.allows(kind, value) != Some(false));
        Some(values)
    }
}

/// The examples that a schema gives.
fn documented_examples(source: &Alternative<'_>) -> Vec<Value> {
    let Some(place) = &source.from else {
        return Vec::new();
    };
    let single = ["example", "default"].into_iter();
    let single = single.filter_map(|keyword| place.value.get(keyword));
    let several = place.value.get("examples").and_then(Value::as_array);
    single
        .chain(several.into_iter().flatten())
        .cloned()
        .collect()
}

fn number_pool<'n>(source: &'n Numbers, others: impl Iterator<Item = &'n Numbers>) -> Vec<Value> {
    let mut pool: Vec<Value> = [1.0, 0.0, -1.0, 0.5, 1_000_000.0].map(number).into();
    for numbers in std::iter::once(source).chain(others) {
        for bound in [numbers.least, numbers.most].into_iter().flatten() {
            pool.extend(bound.value.around());
        }
        for factor in &numbers.multiple_of {
            pool.extend(factor.multiples());
        }
    }
    pool
}

fn text_pool<'t>(source: &Texts, others: impl Iterator<Item = &'t Texts>) -> Vec<String> {
    let mut pool = texts_like(source);
    let mut lengths = vec![source.least, source.most.unwrap_or(1)];
    for other in others {
        lengths.extend([other.least.saturating_sub(1), other.least]);
        lengths.extend(other.most.map(|most| most + 1));
        pool.extend(texts_like(other));
    }
    for length in lengths.into_iter().filter(|length| *length <= 100_000) {
        let length = usize::try_from(length).unwrap_or_default();
        pool.push("x".repeat(length));
    }
    pool
}
