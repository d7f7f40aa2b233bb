//! The snapshot of a census beside a journal, and the stranded callers that both show.

use std::{fs, io, path::Path, time::Duration};

use super::output::{Exit, Output, escape};
use crate::{
    census::Census,
    rollout::{BrownoutCallers, RolloutState, RolloutView, Stranded},
    time::Timestamp,
};

/// A census as it was when its snapshot was written.
pub(super) struct ReadCensus {
    census: Census,
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
        Ok(Self { census, at })
    }

    /// The stranded callers at the moment of the snapshot; `None` if the flag has changed since.
    pub(super) fn stranded(&self, state: &RolloutState) -> Option<Stranded> {
        Stranded::of_journal(&self.census, state, self.at)
    }

    /// Those that the last brownout hit, at the moment of the snapshot; `None` if the flag has changed since.
    pub(super) fn brownout_callers(&self, state: &RolloutState) -> Option<BrownoutCallers> {
        BrownoutCallers::of_journal(&self.census, state, self.at)
    }

    /// Adds them to the view of the journal.
    pub(super) fn complete(&self, view: RolloutView, state: &RolloutState) -> RolloutView {
        let hit = self.brownout_callers(state);
        view.with_census((self.stranded(state), hit), self.at)
    }
}

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
        return "unknown without the snapshot of the census (--census)".to_owned();
    };
    let at = census.at;
    let Some(found) = census.stranded(state) else {
        return format!("unknown, the flag has changed since the snapshot of {at}");
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
