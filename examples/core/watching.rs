//! The observers of this process and its rollout: opened from the data directory, and kept until the end.

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

/// The name of the history in the data directory.
const HISTORY: &str = "history.snapshot";

/// How often periodic work is looked at; what is due then is the census's own matter.
const TICK: Duration = Duration::from_secs(1);

/// Opens the census with what earlier runs knew. One that cannot be read stops the start, unless its loss was accepted.
pub(crate) fn open(
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
    say_what_is_known(&census);
    Ok(Watch::new(census))
}

/// Opens the rollout where the journal of earlier runs says that it stands.
pub(crate) fn roll_out(
    opening: Opening,
    data: &DataDir,
    watch: &Watch,
) -> Result<Rollout, Box<dyn Error>> {
    let journal = FileJournal::open(data.path().join(JOURNAL))?;
    Ok(opening.open(watch, Arc::new(journal))?)
}

/// Opens the curves of earlier runs.
pub(crate) fn remember(data: &DataDir, watch: &Watch) -> Result<History, OpenHistoryError> {
    watch.history().file(data.path().join(HISTORY)).open()
}

/// Heartbeats, snapshots, what the rollout watches, and the curves; the last snapshots when the keeper is shut down.
pub(crate) fn keep(
    watch: &Watch,
    rollout: &Arc<Rollout>,
    history: &Arc<History>,
) -> io::Result<BackgroundWorker> {
    let work: [Arc<dyn Tick>; 3] = [watch.census.clone(), rollout.clone(), history.clone()];
    BackgroundWorker::start(TICK, work)
}

fn say_what_is_known(census: &Census) {
    let (known, capacity) = (census.known(), census.capacity());
    tracing::info!(known, capacity, "census opened");
}
