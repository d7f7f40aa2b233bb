//! The flag as a source of metrics.

use super::{
    family::Family,
    source::{Sample, Source},
};
use crate::flag::FlagReader;

/// [`Family::FLAG_ON`] of its flag; also 0 once it is retired.
impl Source for FlagReader {
    fn families(&self) -> &'static [Family] {
        &[Family::FLAG_ON]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        if *family == Family::FLAG_ON {
            sample(&[self.name()], self.is_on().into());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{flag::CompatFlag, metrics::source::Value};

    fn shown(reader: &FlagReader) -> Vec<(String, Value)> {
        let mut shown = Vec::new();
        reader.samples(&Family::FLAG_ON, &mut |labels, value| {
            shown.push((labels.join(","), value));
        });
        shown
    }

    #[test]
    fn a_flag_shows_whether_it_is_on_and_is_zero_when_retired() {
        let flag = CompatFlag::new("f", true);
        assert_eq!(shown(&flag.reader()), [("f".to_owned(), Value::Count(1))]);
        flag.set(false);
        assert_eq!(shown(&flag.reader())[0].1, Value::Count(0));
        flag.set(true);
        flag.retire();
        assert_eq!(shown(&flag.reader())[0].1, Value::Count(0));
    }

    #[test]
    fn a_flag_has_no_samples_of_other_families() {
        let reader = CompatFlag::new("f", true).reader();
        reader.samples(&Family::CALLERS, &mut |_, _| {
            panic!("no sample was expected")
        });
    }
}
