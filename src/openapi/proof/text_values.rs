//! Sets of texts that no schema describes.

use serde_json::Value;

use crate::openapi::{
    document::place::Spoiled,
    values::{
        reader::Reader,
        value_set::{Alternative, Kind, Texts, ValueSet},
    },
};

/// Values as texts.
#[derive(Clone)]
pub(crate) struct Written<'d> {
    /// The values, where their own type counts.
    pub(super) values: ValueSet<'d>,
    pub(crate) texts: ValueSet<'d>,
}

impl<'d> Written<'d> {
    /// The values as a reader of this schema understands them.
    pub(crate) fn read_by(
        &self,
        reader: &Reader<'d>,
        schema: &ValueSet<'d>,
    ) -> Result<ValueSet<'d>, Spoiled> {
        let is_plain = |of: &Alternative<'_>| matches!(of.kind, Kind::Number(_) | Kind::Boolean(_));
        if !reader.alternatives(schema)?.iter().all(is_plain) {
            return Ok(self.texts.clone());
        }
        let mut read = Vec::new();
        for alternative in reader.alternatives(&self.values)?.iter() {
            match (&alternative.kind, alternative.kind.listed()) {
                (Kind::Text(_), Some(texts)) => {
                    let texts = texts.iter().map(|text| {
                        let parsed = text
                            .as_str()
                            .and_then(|text| serde_json::from_str(text).ok());
                        parsed.unwrap_or_else(|| text.clone())
                    });
                    let texts: Vec<Value> = texts.collect();
                    read.extend(
                        reader
                            .alternatives(&ValueSet::fixed(&texts))?
                            .iter()
                            .cloned(),
                    );
                }
                _ => read.push(alternative.clone()),
            }
        }
        Ok(ValueSet::any_of(read))
    }
}

pub(super) fn any_text() -> Texts {
    Texts::default()
}

pub(super) fn text(least: u64, most: u64, format: Option<&str>) -> Texts {
    Texts {
        least,
        most: Some(most),
        formats: format.map(ToOwned::to_owned).into_iter().collect(),
        ..Texts::default()
    }
}

/// What all texts in visible ASCII and spaces satisfy.
const PRINTABLE: &str = "^[ -~]*$";

/// Texts of which it is known that they are in visible ASCII, with spaces only between.
pub(super) fn printable(texts: Texts) -> Texts {
    Texts {
        patterns: vec![PRINTABLE.to_owned()],
        ..texts
    }
}

pub(super) fn is_short_and_printable(kind: &Kind<'_>) -> bool {
    const FORMATS: [&str; 6] = ["uuid", "date-time", "date", "time", "ipv4", "ipv6"];
    let Kind::Text(texts) = kind else {
        return false;
    };
    let plain = |format: &String| FORMATS.contains(&format.as_str());
    let is_printable = texts.patterns.iter().any(|pattern| pattern == PRINTABLE);
    let is_short = texts.most.is_none_or(|most| most <= 4096) && texts.least > 0;
    texts.formats.iter().any(plain) || is_printable && is_short
}
