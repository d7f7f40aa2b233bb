//! What a recorder shows.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
};

use metrics::with_local_recorder;
use metrics_exporter_prometheus::{PrometheusBuilder, PrometheusRecorder};

use super::FacadeRecording;
use crate::{
    metrics::{
        Family, Sources,
        made_up::{MadeUp, of},
    },
    worker::Tick,
};

/// A process with a recorder.
struct Process {
    recorder: PrometheusRecorder,
    recording: FacadeRecording,
}

impl Process {
    fn start(sources: Sources) -> Self {
        Self {
            recorder: PrometheusBuilder::new().build_recorder(),
            recording: FacadeRecording::new(sources),
        }
    }

    /// What a scrape shows after a tick.
    fn scrape(&self) -> String {
        with_local_recorder(&self.recorder, || self.recording.tick());
        self.recorder.handle().render()
    }

    /// The series of a scrape after a tick, and their values.
    fn series(&self) -> BTreeMap<String, f64> {
        let text = self.scrape();
        let lines = text
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with('#'));
        let series = lines.map(|line| line.rsplit_once(' ').unwrap());
        series
            .map(|(series, value)| (series.to_owned(), value.parse().unwrap()))
            .collect()
    }
}

fn sources(source: &MadeUp) -> Sources {
    Sources::new().source(source.clone())
}

fn sum(series: &BTreeMap<String, f64>, name: &str) -> f64 {
    let named = series.iter().filter(|(series, _)| series.starts_with(name));
    named.map(|(_, value)| value).sum()
}

#[test]
fn a_family_has_its_name_kind_help_and_labels() {
    let text = Process::start(sources(&of(&[("a", 500)]))).scrape();
    for lines in [
        "# HELP counted_total Counted.\n# TYPE counted_total counter\ncounted_total{by=\"a\"} 500\n",
        "# TYPE journaled_total counter\njournaled_total{by=\"a\"} 0\n",
        "# HELP weighed Weighed.\n# TYPE weighed gauge\nweighed{by=\"a\"} 500\n",
        "# TYPE shared gauge\nshared{by=\"a\"} 0.5\n",
        "# TYPE bare gauge\nbare 1\n",
    ] {
        assert!(text.contains(lines), "{lines}\nis not in\n{text}");
    }
}

#[test]
fn three_restarts_add_nothing_to_the_seven_events_of_a_journal() {
    let journal = of(&[("a", 0)]);
    let mut added_up = 0.0;
    for events in [7, 7, 7] {
        let process = Process::start(sources(&journal));
        process.scrape();
        journal.set("a", events);
        added_up += sum(&process.series(), "journaled_total");
    }
    assert_eq!(added_up, 7.0);
}

#[test]
fn a_gate_that_is_gone_is_no_number() {
    let gates = of(&[("a", 1), ("b", 1)]);
    let process = Process::start(sources(&gates));
    assert_eq!(process.series()["weighed{by=\"a\"}"], 1.0);
    gates.remove("a");
    for _ in 0..2 {
        let series = process.series();
        assert!(series["weighed{by=\"a\"}"].is_nan());
        assert_eq!(series["weighed{by=\"b\"}"], 1.0);
    }
    gates.set("a", 0);
    assert_eq!(process.series()["weighed{by=\"a\"}"], 0.0);
}

#[test]
fn as_many_series_as_there_can_be_lose_nothing_in_sum() {
    let many: Vec<_> = (0..4_096).map(|n| (format!("s{n}"), n)).collect();
    let process = Process::start(sources(&MadeUp(Arc::new(Mutex::new(many)))));
    let series = process.series();
    let all = f64::from(4_095 * 4_096 / 2);
    assert_eq!(sum(&series, "counted_total"), all);
    assert_eq!(sum(&series, "weighed"), all);
}

#[test]
fn equal_counters_of_two_sources_are_summed_and_equal_gauges_are_refused() {
    let process = Process::start(sources(&of(&[("a", 1)])).source(of(&[("a", 2)])));
    let series = process.series();
    assert_eq!(sum(&series, "counted_total"), 3.0);
    assert_eq!(sum(&series, "weighed"), 1.0);
}

#[test]
fn a_source_that_was_dropped_shows_nothing_and_is_not_kept_alive() {
    let source = Arc::new(of(&[("a", 3)]));
    let process = Process::start(Sources::new().source(Arc::downgrade(&source)));
    assert_eq!(sum(&process.series(), "weighed"), 3.0);
    assert_eq!(Arc::strong_count(&source), 1);
    drop(source);
    let series = process.series();
    assert!(series["weighed{by=\"a\"}"].is_nan());
    assert_eq!(series["counted_total{by=\"a\"}"], 3.0, "a counter stays");
}

#[test]
fn a_family_without_samples_shows_nothing() {
    let text = Process::start(sources(&of(&[]))).scrape();
    assert_eq!(text, "# HELP bare Bare.\n# TYPE bare gauge\nbare 0\n\n");
}

#[test]
fn a_float_counter_is_a_gauge_and_keeps_its_fraction() {
    const WAITED: Family = Family::counter("waited_seconds_total", &[], "Waited.").float();
    struct Waited;
    impl crate::metrics::Source for Waited {
        fn families(&self) -> &'static [Family] {
            &[WAITED]
        }

        fn samples(&self, _family: &Family, sample: &mut crate::metrics::Sample<'_>) {
            sample(&[], 1.5.into());
        }
    }
    let text = Process::start(Sources::new().source(Waited)).scrape();
    assert!(text.contains("# TYPE waited_seconds_total gauge\nwaited_seconds_total 1.5\n"));
}

#[test]
fn a_recorder_that_is_installed_late_gets_everything() {
    let recording = FacadeRecording::new(sources(&of(&[("a", 5)])));
    recording.tick();
    let recorder = PrometheusBuilder::new().build_recorder();
    let process = Process {
        recorder,
        recording,
    };
    let text = process.scrape();
    assert!(text.contains("# HELP counted_total Counted.\n"));
    assert!(text.contains("counted_total{by=\"a\"} 5\n"));
}
