//! Opens census, rollout and history from the data directory, and starts the worker that ticks them.

use std::{error::Error, io, sync::Arc, time::Duration};

use legacy_http_compat::{
    admin::history::{History, OpenHistoryError},
    caller::SignalDetector,
    census::{Census, OpenErrorKind},
    rollout::{Rollout, journal::FileJournal},
    worker::{BackgroundWorker, Tick},
};

use crate::{
    app::{JOURNAL, Opening, SNAPSHOT, Watch},
    args::Args,
    data::DataDir,
};

/// The file name of the history in the data directory.
const HISTORY: &str = "history.snapshot";

/// How often the worker ticks; each of its tasks decides what is due.
const TICK: Duration = Duration::from_secs(1);

/// Opens census and metrics. A census snapshot that cannot be read is an error, unless its loss is accepted.
pub(crate) fn open_watch(
    args: &Args,
    data: &DataDir,
    detector: &SignalDetector,
) -> Result<Watch, String> {
    let builder = Watch::census_of(detector)
        .snapshot(data.path().join(SNAPSHOT))
        .snapshot_every(args.snapshot_every());
    let census = if args.accept_census_loss {
        builder.open_with_loss()
    } else {
        builder.open()
    };
    let census = census.map_err(|error| match error.kind() {
        OpenErrorKind::InUse => error.to_string(),
        _ => format!("{error}; --accept-census-loss starts without it"),
    })?;
    log_opened(&census);
    Ok(Watch::new(census))
}

/// Opens the rollout in the state that its journal records.
pub(crate) fn open_rollout(
    opening: Opening,
    data: &DataDir,
    watch: &Watch,
) -> Result<Rollout, Box<dyn Error>> {
    let journal = FileJournal::open(data.path().join(JOURNAL))?;
    Ok(opening.open(watch, Arc::new(journal))?)
}

/// Opens the history of earlier runs.
pub(crate) fn open_history(data: &DataDir, watch: &Watch) -> Result<History, OpenHistoryError> {
    watch.history().file(data.path().join(HISTORY)).open()
}

/// Starts the periodic work of census, rollout and history; shutting the worker down writes the last snapshots.
pub(crate) fn start_worker(
    watch: &Watch,
    rollout: &Arc<Rollout>,
    history: &Arc<History>,
) -> io::Result<BackgroundWorker> {
    let work: [Arc<dyn Tick>; 3] = [watch.census.clone(), rollout.clone(), history.clone()];
    BackgroundWorker::start(TICK, work)
}

fn log_opened(census: &Census) {
    let (known, capacity) = (census.known(), census.capacity());
    tracing::info!(known, capacity, "census opened");
}
