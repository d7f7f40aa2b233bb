//! The census as a source of metrics.

use crate::metrics::{Family, Sample, Source};

use super::{census::Census, report::Report};

/// [`Family::CALLERS`], [`Family::CENSUS_COVERAGE_RATIO`] and [`Family::CENSUS_OVERFLOWED`], as of the last tick.
impl Source for Census {
    fn families(&self) -> &'static [Family] {
        &[
            Family::CALLERS,
            Family::CENSUS_COVERAGE_RATIO,
            Family::CENSUS_OVERFLOWED,
        ]
    }

    fn samples(&self, family: &Family, sample: &mut Sample<'_>) {
        let reports = self.cached_reports();
        if *family == Family::CALLERS {
            reports.iter().for_each(|report| callers(report, sample));
        } else if *family == Family::CENSUS_COVERAGE_RATIO {
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

fn callers(report: &Report, sample: &mut Sample<'_>) {
    for kind in &report.kinds {
        let counts = &kind.counts;
        for (state, count) in [
            ("dependent", counts.dependent),
            ("stranded", counts.stranded),
            ("migrated", counts.migrated),
            ("regressed", counts.regressed),
            ("inactive", counts.inactive),
        ] {
            sample(&[&kind.kind, state, &report.window], count.into());
        }
    }
}
