//! Whether sets have no value in common.

use super::{
    reader::Reader,
    value_set::{Alternative, Kind, ValueSet},
};

impl<'d> Reader<'d> {
    /// Whether certainly no value is one of both.
    pub(super) fn exclude_each_other(
        &self,
        a: &Alternative<'d>,
        b: &Alternative<'d>,
        depth: u8,
    ) -> bool {
        let (one, other) = match (&a.kind, &b.kind) {
            (a, b) if !a.is_like(b) => return true,
            (Kind::Object(one), Kind::Object(other)) => (one, other),
            (a, b) => {
                let refused = |listed: &Kind<'_>, by: &Kind<'_>| {
                    listed.listed().is_some_and(|values| {
                        values
                            .iter()
                            .all(|value| self.checks.allows(by, value) == Some(false))
                    })
                };
                return refused(a, b) || refused(b, a);
            }
        };
        // Of a mixed member an alternative says nothing itself.
        let is_mixed = |name: &String| one.mixed.contains(name) || other.mixed.contains(name);
        let mut names = one.named.keys().chain(other.named.keys());
        names.any(|name| {
            !is_mixed(name)
                && (one.requires(name) || other.requires(name))
                && a.knows(name)
                && b.knows(name)
                && self.sets_exclude_each_other(&one.set_of(name), &other.set_of(name), depth)
        })
    }

    fn sets_exclude_each_other(&self, one: &ValueSet<'d>, other: &ValueSet<'d>, depth: u8) -> bool {
        if depth == 0 || matches!((one, other), (ValueSet::Any, _) | (_, ValueSet::Any)) {
            return false;
        }
        let (Ok(one), Ok(other)) = (self.alternatives(one), self.alternatives(other)) else {
            return false;
        };
        one.iter().all(|one| {
            other
                .iter()
                .all(|other| self.exclude_each_other(one, other, depth - 1))
        })
    }
}

impl Alternative<'_> {
    /// Whether `patternProperties` cannot say something of the member.
    fn knows(&self, name: &str) -> bool {
        let named = self
            .members()
            .is_some_and(|members| members.named.contains_key(name));
        named
            || !self
                .opaque
                .iter()
                .any(|opaque| opaque.keyword() == "patternProperties")
    }
}
