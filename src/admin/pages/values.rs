//! What a form was sent with.

/// The fields of a form in their order. A name may come more than once.
#[derive(Clone, Debug, Default)]
pub(in crate::admin::pages) struct Values(pub(in crate::admin::pages) Vec<(String, String)>);

impl Values {
    /// The value of a field; empty where there is none.
    pub(in crate::admin::pages) fn get(&self, name: &str) -> &str {
        let mut fields = self.0.iter();
        fields.find(|(field, _)| field == name).map_or("", |(_, value)| value)
    }

    /// All values of a field.
    pub(in crate::admin::pages) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let fields = self.0.iter().filter(move |(field, _)| field == name);
        fields.map(|(_, value)| value.as_str())
    }

    /// Whether a field has this value.
    pub(in crate::admin::pages) fn has(&self, name: &str, value: &str) -> bool {
        self.all(name).any(|found| found == value)
    }

    /// The value as one line: people write reasons in several.
    pub(in crate::admin::pages) fn line(&self, name: &str) -> String {
        let words = self.get(name).split_whitespace();
        words.collect::<Vec<_>>().join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn several_lines_become_one_and_a_name_may_repeat() {
        let fields = [("gate", "a"), ("reason", " two\r\n lines "), ("gate", "b")];
        let fields = fields.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let values = Values(fields.into());
        assert_eq!(values.line("reason"), "two lines");
        assert_eq!(values.all("gate").collect::<Vec<_>>(), ["a", "b"]);
        assert!(values.has("gate", "b") && !values.has("gate", "c"));
    }
}
