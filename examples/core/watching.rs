//! The observers of this process: opened from the data directory, and kept until the end.

use std::{io, sync::Arc, time::Duration};

use legacy_http_compat::{
    caller::SignalDetector,
    census::{Census, OpenErrorKind},
    keeper::{Keeper, Tick},
};

use crate::{
    app::{SNAPSHOT, Watch},
    args::Args,
    data::DataDir,
};

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

/// Heartbeats and snapshots, the last one when the keeper is shut down.
pub(crate) fn keep(watch: &Watch) -> io::Result<Keeper> {
    Keeper::start(TICK, [watch.census.clone() as Arc<dyn Tick>])
}

fn say_what_is_known(census: &Census) {
    let (known, capacity) = (census.known(), census.capacity());
    tracing::info!(known, capacity, "census opened");
}
