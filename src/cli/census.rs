//! The census of a rollout, of a snapshot or a store, and the stranded callers that it shows.

use std::{fs, io, path::Path, sync::Arc, time::Duration};

use super::output::{Exit, Output, escape};
use crate::{
    census::{
        Census,
        fleet::{CensusStore, CensusStoreError},
    },
    rollout::{BrownoutCallers, RolloutState, RolloutView, Stranded},
    time::Timestamp,
};

/// A census as it was at a moment: when its snapshot was written, or when it was read from the store.
pub(super) struct ReadCensus {
    census: Arc<Census>,
    at: Timestamp,
}

impl ReadCensus {
    /// Reads a snapshot without locking it.
    pub(super) fn read(path: &Path) -> Result<Self, Output> {
        let unreadable = |why: String| {
            let path = escape(&path.display().to_string());
            Output::failure(Exit::Error, format!("the census {path} {why}"))
        };
        let bytes = bytes(path).map_err(|error| unreadable(format!("cannot be read: {error}")))?;
        let (census, at) =
            Census::of_snapshot(&bytes).map_err(|kind| unreadable(kind.to_string()))?;
        let census = Arc::new(census);
        Ok(Self { census, at })
    }

    /// Reads the census that the instances of a flag share.
    pub(super) fn of_store(
        store: &dyn CensusStore,
        processes: u32,
    ) -> Result<Self, CensusStoreError> {
        let (census, at) = Census::of_store(store, processes, LOAD_PATIENCE)?;
        Ok(Self { census, at })
    }

    /// The stranded callers at that moment; `None` if the flag has changed since.
    pub(super) fn stranded(&self, state: &RolloutState) -> Option<Stranded> {
        Stranded::of_journal(&self.census, state, self.at)
    }

    /// Those that the last brownout hit, at that moment; `None` if the flag has changed since.
    pub(super) fn brownout_callers(&self, state: &RolloutState) -> Option<BrownoutCallers> {
        BrownoutCallers::of_journal(&self.census, state, self.at)
    }

    /// Adds them to the view of the journal.
    pub(super) fn complete(&self, view: RolloutView, state: &RolloutState) -> RolloutView {
        let hit = self.brownout_callers(state);
        view.with_census((self.stranded(state), hit), self.at)
    }
}

/// How long reading the census of a store may take.
const LOAD_PATIENCE: Duration = Duration::from_secs(60);

fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    // Nothing that could block or never end.
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    fs::read(path)
}

/// The stranded callers in one line, without its full stop.
pub(super) fn stranded_text(census: Option<&ReadCensus>, state: &RolloutState) -> String {
    let Some(census) = census else {
        return "unknown without a census (--census, or the store of the instances)".to_owned();
    };
    let at = census.at;
    let Some(found) = census.stranded(state) else {
        return format!("unknown, the flag has changed since the census of {at}");
    };
    let kinds = found.kinds.iter();
    let kinds: Vec<String> = kinds
        .map(|kind| format!("{} {}", kind.stranded, kind.kind))
        .collect();
    let changed = match state.last_brownout() {
        Some(brownout) if brownout.is_running() => "the brownout began",
        Some(_) => "the brownout ended",
        None => "the flag changed",
    };
    let kinds = match kinds.as_slice() {
        [] => String::new(),
        kinds => format!(" ({})", kinds.join(", ")),
    };
    format!(
        "{} of {} dependent{kinds} since {changed}, as of {at}, {} later; {} waived; {} before, of which {} are served \
         again",
        found.callers,
        found.dependents.max(found.callers),
        humantime::format_duration(Duration::from_secs(at.since(found.since).as_secs())),
        found.waived,
        found.before,
        found.served_again,
    )
}
