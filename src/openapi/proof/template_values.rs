//! What templates become.

use super::{exchange_parts::Input, possible::Possible};
use crate::{
    contract::definition::template::{Conversion, Node, Placeholder, Template, WhenAbsent},
    openapi::{
        document::place::Spoiled,
        values::{
            reader::Reader,
            value_set::{Member, ValueSet},
        },
    },
};

/// What a part of a template can become.
pub(super) struct PartValues<'d> {
    pub(super) set: ValueSet<'d>,
    pub(super) can_be_absent: bool,
}

/// Reads templates as the sets of what they become.
pub(super) struct TemplateReader<'r, 'd> {
    pub(super) reader: &'r Reader<'d>,
    /// The bodies of requests, if a document describes them.
    pub(super) requests: Option<&'r ValueSet<'d>>,
    pub(super) matched: &'r Possible<'d>,
    /// The element that is being replaced.
    pub(super) item: Option<ValueSet<'d>>,
    pub(super) at: Vec<String>,
    pub(super) inputs: Vec<Input>,
    pub(super) stranding: Vec<Input>,
}

/// The values of a placeholder before its default, and where they come from.
pub(super) struct Sourced<'d> {
    pub(super) input: Option<Input>,
    pub(super) values: PartValues<'d>,
    /// Whether an input has the value as it is.
    is_plain: bool,
}

impl<'r, 'd> TemplateReader<'r, 'd> {
    pub(super) fn new(
        reader: &'r Reader<'d>,
        requests: Option<&'r ValueSet<'d>>,
        matched: &'r Possible<'d>,
    ) -> Self {
        Self {
            reader,
            requests,
            matched,
            item: None,
            at: Vec::new(),
            inputs: Vec::new(),
            stranding: Vec::new(),
        }
    }

    pub(super) fn node(&mut self, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        Ok(match node {
            Node::Scalar(value) => {
                let value = serde_json::to_value(value).unwrap_or_default();
                always(ValueSet::fixed([&value]))
            }
            Node::Array(elements) => {
                let mut sets = Vec::new();
                for (index, element) in elements.iter().enumerate() {
                    sets.push(self.within(&index.to_string(), element)?.set);
                }
                always(ValueSet::tuple(sets))
            }
            Node::Object {
                members,
                omit_when_empty,
            } => self.object(members, *omit_when_empty)?,
            Node::Placeholder(placeholder) => self.placeholder(placeholder)?,
            // Refused when the contract is built.
            Node::Invalid { .. } => always(ValueSet::Any),
        })
    }

    pub(super) fn within(&mut self, token: &str, node: &Node) -> Result<PartValues<'d>, Spoiled> {
        self.at.push(token.to_owned());
        let values = self.node(node);
        self.at.pop();
        values
    }

    fn object(
        &mut self,
        members: &[(String, Node)],
        omit_when_empty: bool,
    ) -> Result<PartValues<'d>, Spoiled> {
        let mut sets = Vec::new();
        for (name, node) in members {
            let values = self.within(name, node)?;
            let member = Member {
                set: values.set,
                required: !values.can_be_absent,
            };
            sets.push((name.clone(), member));
        }
        let can_be_absent = omit_when_empty && sets.iter().all(|(_, member)| !member.required);
        // An object that is omitted when it is empty is never empty; which of its members it has is left open.
        let only = match sets.as_mut_slice() {
            [(_, only)] if can_be_absent => Some(only),
            _ => None,
        };
        if let Some(only) = only {
            only.required = true;
        }
        Ok(PartValues {
            set: ValueSet::object(sets),
            can_be_absent,
        })
    }

    /// Notes what strands a response in a part that is not compared with a schema.
    pub(super) fn strand(&mut self, at: &[&str], template: &Template) -> Result<(), Spoiled> {
        let inputs = self.inputs.len();
        self.at = at.iter().map(|token| (*token).to_owned()).collect();
        let values = self.node(&template.0);
        self.at.clear();
        self.inputs.truncate(inputs);
        values.map(drop)
    }

    fn placeholder(&mut self, placeholder: &Placeholder) -> Result<PartValues<'d>, Spoiled> {
        let Sourced {
            input,
            values,
            is_plain,
        } = self.sourced(placeholder)?;
        // Of a value as it is the way back is known.
        let own = input
            .clone()
            .filter(|input| is_plain && input.has_way_back());
        self.inputs.extend(own);
        if !values.can_be_absent {
            return Ok(values);
        }
        Ok(match &placeholder.when_absent {
            WhenAbsent::Omit => values,
            WhenAbsent::Skip => {
                self.stranding.extend(input);
                PartValues {
                    can_be_absent: false,
                    ..values
                }
            }
            WhenAbsent::Default(default) => {
                let default = self.node(default)?;
                PartValues {
                    set: self.reader.union(vec![values.set, default.set]),
                    can_be_absent: default.can_be_absent,
                }
            }
        })
    }

    /// The values of a placeholder without its default.
    pub(super) fn sourced(&mut self, placeholder: &Placeholder) -> Result<Sourced<'d>, Spoiled> {
        let (origin, values) = self.source(&placeholder.source)?;
        let was_absent = values.can_be_absent;
        let values = match &placeholder.conversion {
            None => values,
            Some(conversion) => self.converted(&values, conversion)?,
        };
        let lack = match placeholder.conversion {
            _ if was_absent => "can be absent",
            Some(Conversion::Map(_)) => "can be a value that the map does not have",
            _ => "can be a value without that form",
        };
        let at = self.at.clone();
        let input = origin.map(|origin| Input { at, origin, lack });
        Ok(Sourced {
            input,
            values,
            is_plain: placeholder.conversion.is_none(),
        })
    }
}

pub(super) fn always(set: ValueSet<'_>) -> PartValues<'_> {
    PartValues {
        set,
        can_be_absent: false,
    }
}
