//! The census as a source of numbers.

use crate::metrics::{Family, Sample, Source};

use super::{census::Census, report::Report};

/// Tells [`Family::CLIENTS`], [`Family::COVERAGE_RATIO`] and [`Family::CENSUS_OVERFLOWED`], as the last tick found them.
impl Source for Census {
    fn families(&self) -> &'static [Family] {
        &[
            Family::CLIENTS,
            Family::COVERAGE_RATIO,
            Family::CENSUS_OVERFLOWED,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let reports = self.ready_made();
        if *family == Family::CLIENTS {
            reports.iter().for_each(|report| clients(report, sample));
        } else if *family == Family::COVERAGE_RATIO {
            for report in &*reports {
                sample(&[&report.window], report.coverage.ratio.into());
            }
        } else if *family == Family::CENSUS_OVERFLOWED {
            // The longest window contains all others.
            let overflowed = reports.last().is_some_and(Report::overflowed);
            sample(&[], overflowed.into());
        }
    }
}

fn clients(report: &Report, sample: &mut Sample<'_>) {
    for kind in &report.kinds {
        let counts = &kind.counts;
        for (state, count) in [
            ("dependent", counts.dependent),
            ("stranded", counts.stranded),
            ("migrated", counts.migrated),
            ("regressed", counts.regressed),
            ("silent", counts.silent),
        ] {
            sample(&[&kind.kind, state, &report.window], count.into());
        }
    }
}
