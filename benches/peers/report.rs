//! The samples as a table of Markdown: ratios within a round, because the machine changes from round to round.

use std::{fmt::Write as _, time::Duration};

use crate::{load::Load, setup::Setup};

pub(crate) struct Sample {
    pub(crate) round: u64,
    pub(crate) setup: Setup,
    pub(crate) load: Load,
    pub(crate) cpu: Duration,
}

impl Sample {
    fn micros_of_cpu(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / count(self.load.requests)
    }

    fn requests_per_second(&self) -> f64 {
        count(self.load.requests) / (count(self.load.micros) / 1e6)
    }
}

pub(crate) fn table(samples: &[Sample]) -> String {
    let mut table =
        "\n| setup | requests/s | p50 | p99 | CPU a request | beside bare: min, median, max |\n\
         | --- | --- | --- | --- | --- | --- |\n"
            .to_owned();
    for setup in Setup::ALL {
        let own: Vec<&Sample> = samples
            .iter()
            .filter(|sample| sample.setup == setup)
            .collect();
        let of =
            |figure: fn(&Sample) -> f64| median(own.iter().map(|sample| figure(sample)).collect());
        let ratios = sorted(
            own.iter()
                .filter_map(|sample| ratio(samples, sample))
                .collect(),
        );
        let _infallible = writeln!(
            table,
            "| {} | {:.0} | {:.0} µs | {:.0} µs | {:.1} µs | {:.2}, **{:.2}**, {:.2} |",
            setup.name(),
            of(Sample::requests_per_second),
            of(|sample| count(sample.load.p50)),
            of(|sample| count(sample.load.p99)),
            of(Sample::micros_of_cpu),
            ratios.first().unwrap_or(&f64::NAN),
            median(ratios.clone()),
            ratios.last().unwrap_or(&f64::NAN),
        );
    }
    table
}

/// CPU a request, divided by that of the bare service in the same round.
fn ratio(samples: &[Sample], of: &Sample) -> Option<f64> {
    let bare = |sample: &&Sample| sample.setup == Setup::Bare && sample.round == of.round;
    Some(of.micros_of_cpu() / samples.iter().find(bare)?.micros_of_cpu())
}

fn median(values: Vec<f64>) -> f64 {
    let values = sorted(values);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}

#[allow(
    clippy::cast_precision_loss,
    reason = "counts of one run are far below 2^52"
)]
fn count(number: u64) -> f64 {
    number as f64
}
