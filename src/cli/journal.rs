//! Reading a journal to its end; `verify`: whether a journal is intact and its events are in sequence.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt, fs,
    fs::File,
    io::{self, BufRead, BufReader},
    path::Path,
    time::Duration,
};

use serde::Serialize;

use crate::{
    census::fleet::CensusStoreError,
    cli::{
        census::ReadCensus,
        output::{Exit, Output, escape, json},
        store::{Failed, FlagArgs},
    },
    rollout::{
        Phase, Projection, ProjectionError, RolloutState, UnknownEvent,
        event::{Attempt, Event, EventPayload, Head},
        gate::GateReport,
        journal::{FileJournal, JournalReader, ReadError, ReadErrorKind, TornLine, Verified},
        names::Identifier,
        policy::Policy,
    },
    time::{SystemClock, Timestamp},
};

/// The contents of a journal.
pub(super) struct ReadJournal {
    /// Its events.
    pub(super) events: Vec<Event>,
    /// The state that follows from them.
    pub(super) projection: Projection,
    /// The result of the verification.
    pub(super) verified: Verified,
    /// The head in the file beside it, if there is one.
    pub(super) recorded: Option<Head>,
    /// When it was read.
    pub(super) now: Timestamp,
    /// The census, if there is one.
    pub(super) census: Option<ReadCensus>,
}

/// Why a journal has no usable contents.
pub(super) enum Broken {
    /// It cannot be read.
    Unreadable(String),
    /// This line is damaged, or cannot follow the previous ones.
    Line(u64, String),
}

impl ReadJournal {
    /// Reads a journal without locking it; `-` is standard input.
    pub(super) fn read(path: &Path) -> Result<Self, Broken> {
        let unreadable = |error| Broken::unreadable(path, &error);
        // Before the journal: a process that appends meanwhile leaves it ahead of this.
        let recorded = recorded_head(path).map_err(unreadable)?;
        Self::of(path, open(path).map_err(unreadable)?, recorded)
    }

    /// Reads the journal of a flag and the census that its instances share, if they do.
    fn of_store(args: &FlagArgs) -> Result<Self, Output> {
        let (store, flag) = args.open()?;
        let lines = store.export(&flag).map_err(Failed::from)?;
        let mut journal = Self::of(Path::new("the store"), &lines[..], None)?;
        let processes = journal.policy().processes;
        let census = store.census(&flag);
        let census = ReadCensus::of_store(&census, processes);
        match census {
            Ok(census) => journal.census = Some(census),
            Err(CensusStoreError::Empty) => {}
            Err(error) => return Err(Output::failure(Exit::Error, error.to_string())),
        }
        Ok(journal)
    }

    /// Reads the lines of a journal, which is called so in errors.
    fn of(path: &Path, lines: impl BufRead, recorded: Option<Head>) -> Result<Self, Broken> {
        let mut reader = JournalReader::new(lines);
        let mut projection = Projection::new();
        let mut events = Vec::new();
        for event in &mut reader {
            let event = event.map_err(|error| Broken::of_read(path, &error))?;
            projection
                .apply(&event)
                .map_err(|error| Broken::of_projection(&error))?;
            events.push(event);
        }
        // The reader is at the end, so this only returns the result.
        let verified = reader.verify();
        let verified = verified.map_err(|error| Broken::of_read(path, &error))?;
        Ok(Self {
            events,
            projection,
            verified,
            recorded,
            now: Timestamp::now(&SystemClock::new()),
            census: None,
        })
    }

    /// Whether the event of a head is in the journal.
    pub(super) fn has(&self, head: Head) -> bool {
        let index = usize::try_from(head.seq)
            .ok()
            .and_then(|seq| seq.checked_sub(1));
        match index {
            Some(index) => self
                .events
                .get(index)
                .is_some_and(|event| event.head() == head),
            None => head == Head::NONE,
        }
    }

    /// The recorded head, if its event is not in the journal.
    pub(super) fn lost(&self) -> Option<Head> {
        self.recorded.filter(|head| !self.has(*head))
    }

    /// The policy in force, or the default if another version wrote it.
    pub(super) fn policy(&self) -> Policy {
        let state = self.projection.state();
        let policy = state.and_then(|state| Policy::from_document(&state.policy).ok());
        policy.unwrap_or_default()
    }
}

impl Broken {
    fn unreadable(path: &Path, error: &impl fmt::Display) -> Self {
        Self::Unreadable(format!("cannot read {}: {error}", path.display()))
    }

    fn of_read(path: &Path, error: &ReadError) -> Self {
        match (error.kind(), error.line()) {
            (ReadErrorKind::Storage, _) | (_, None) => Self::unreadable(path, error),
            (_, Some(line)) => Self::Line(line, error.to_string()),
        }
    }

    fn of_projection(error: &ProjectionError) -> Self {
        let line = error.seq();
        Self::Line(line, format!("line {line} cannot follow: {}", error.kind()))
    }
}

impl From<Broken> for Output {
    fn from(broken: Broken) -> Self {
        match broken {
            Broken::Unreadable(why) => Self::failure(Exit::Error, why),
            Broken::Line(_, why) => Self::failure(Exit::CheckFailed, why),
        }
    }
}

/// Where a rollout is read.
pub(super) enum ShownFrom<'a> {
    /// A journal, and the snapshot of a census if one is named.
    Files(&'a Path, Option<&'a Path>),
    /// The store that instances share.
    Store(&'a FlagArgs),
}

impl ShownFrom<'_> {
    fn read(&self) -> Result<ReadJournal, Output> {
        match self {
            Self::Store(args) => ReadJournal::of_store(args),
            Self::Files(path, census) => {
                let mut journal = ReadJournal::read(path)?;
                journal.census = census.map(ReadCensus::read).transpose()?;
                Ok(journal)
            }
        }
    }
}

/// Shows a rollout, as JSON or as text.
pub(super) fn show(
    from: &ShownFrom<'_>,
    as_json: bool,
    to_json: impl FnOnce(&ReadJournal) -> String,
    to_text: impl FnOnce(&ReadJournal, &RolloutState) -> String,
) -> Output {
    let journal = match from.read() {
        Ok(journal) => journal,
        Err(failure) => return failure,
    };
    match journal.projection.state() {
        Some(_) if as_json => Output::success(to_json(&journal)),
        Some(state) => Output::success(to_text(&journal, state)),
        None => {
            let why = "the journal holds no rollout: it was never opened";
            Output::failure(Exit::CheckFailed, why)
        }
    }
}

/// The result of `verify` in JSON.
#[derive(Serialize)]
#[serde(untagged)]
enum Verification<'a> {
    Intact {
        valid: bool,
        head: Head,
        /// The head that was compared with; without one, whether events are lost at the end is not known.
        expected: Option<Head>,
        torn: Option<TornLine>,
        unknown_events: &'a [UnknownEvent],
    },
    Broken {
        valid: bool,
        line: u64,
        message: &'a str,
    },
}

/// Runs `verify`.
pub(super) fn verify(path: &Path, expect: Option<Head>, as_json: bool) -> Output {
    let journal = match ReadJournal::read(path) {
        Ok(journal) => journal,
        Err(Broken::Line(line, message)) if as_json => {
            let text = json(&Verification::Broken {
                valid: false,
                line,
                message: &message,
            });
            return Output::from(Broken::Line(line, message)).with_text(text);
        }
        Err(broken) => return broken.into(),
    };
    let fault = incomplete(&journal, expect);
    let text = if as_json {
        json(&Verification::Intact {
            valid: fault.is_none(),
            head: journal.verified.head,
            expected: expect.or(journal.recorded),
            torn: journal.verified.torn,
            unknown_events: journal.projection.unknown_events(),
        })
    } else {
        verified_text(path, expect, &journal)
    };
    match fault {
        None => Output::success(text),
        Some(fault) if as_json => Output::failure(Exit::CheckFailed, fault).with_text(text),
        Some(fault) => Output::failure(Exit::CheckFailed, fault),
    }
}

/// Why the journal is not the whole one.
fn incomplete(journal: &ReadJournal, expect: Option<Head>) -> Option<String> {
    let heads = [("expected", expect), ("acknowledged", journal.recorded)];
    let lost = heads.into_iter().find_map(|(word, head)| {
        let head = head.filter(|head| !journal.has(*head))?;
        Some(format!(
            "event {} ({head}) was {word}, and is not in the journal",
            head.seq
        ))
    });
    let is_empty = journal.events.is_empty();
    lost.or_else(|| is_empty.then(|| "the journal holds no events".to_owned()))
}

const UNKNOWN_END: &str =
    "no head is recorded beside it: whether events are lost at its end is not known\n";

fn verified_text(path: &Path, expect: Option<Head>, journal: &ReadJournal) -> String {
    let head = journal.verified.head;
    let mut text = format!(
        "{}: {} events, intact and in sequence\nhead: {head}\n",
        escape(&path.display().to_string()),
        head.seq,
    );
    let compared = match (expect, journal.recorded) {
        (Some(head), _) => format!("event {} is the expected one\n", head.seq),
        (None, Some(head)) => format!("event {} is the acknowledged one\n", head.seq),
        (None, None) => UNKNOWN_END.to_owned(),
    };
    text += &compared;
    text += &journal.verified.torn.map(torn_text).unwrap_or_default();
    text + unknown_text(journal).as_str()
}

/// Opens a regular file or standard input: nothing that could block or never end.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if path == Path::new("-") {
        return Ok(Box::new(BufReader::new(io::stdin())));
    }
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::other("it is not a regular file"));
    }
    Ok(Box::new(BufReader::with_capacity(
        1 << 16,
        File::open(path)?,
    )))
}

fn recorded_head(path: &Path) -> io::Result<Option<Head>> {
    if path == Path::new("-") {
        return Ok(None);
    }
    FileJournal::recorded_head(path)
}

/// Explains a torn line.
pub(super) fn torn_text(torn: TornLine) -> String {
    format!(
        "line {} is torn ({} bytes): a write in progress, or its writer was killed, or the file was damaged\n",
        torn.line, torn.bytes,
    )
}

/// A note on events that a later version wrote, or nothing if there are none.
pub(super) fn unknown_text(journal: &ReadJournal) -> String {
    let unknown = journal.projection.unknown_events();
    let kinds: BTreeSet<&str> = unknown.iter().map(|event| event.kind.as_str()).collect();
    if kinds.is_empty() {
        return String::new();
    }
    let kinds: Vec<String> = kinds.into_iter().map(escape).collect();
    format!(
        "{} events are of kinds that this version does not know ({}): the state does not reflect them\n",
        unknown.len(),
        kinds.join(", "),
    )
}

/// The last report of a gate, and the attempt that evaluated it.
#[derive(Serialize)]
pub(super) struct LastReport<'a> {
    /// The report.
    #[serde(flatten)]
    pub(super) report: &'a GateReport,
    /// The sequence number of the event that carries it.
    pub(super) seq: u64,
    /// When that happened.
    pub(super) at: Timestamp,
    /// The phase to be left.
    from: Option<Phase>,
    /// The phase to be reached.
    to: Option<Phase>,
}

impl LastReport<'_> {
    /// The attempted step, after the verdict.
    pub(super) fn step(&self) -> String {
        let step = self.from.zip(self.to);
        let step = step.map(|(from, to)| format!(" for {from} to {to}"));
        step.unwrap_or_default()
    }

    /// Whether it passed; if not, in this word.
    pub(super) const fn verdict(&self, failed: &'static str) -> &'static str {
        if self.report.passed { "passed" } else { failed }
    }

    /// The evidence, in one line.
    pub(super) fn evidence(&self) -> String {
        evidence(self.report)
    }
}

/// The evidence of a gate, in one line.
pub(super) fn evidence(report: &GateReport) -> String {
    serde_json::Value::Object(report.evidence.to_members()).to_string()
}

/// The last report of each gate, by its name.
pub(super) fn last_reports(events: &[Event]) -> BTreeMap<&Identifier, LastReport<'_>> {
    let mut last = BTreeMap::new();
    for event in events {
        let (reports, from, to) = match &event.payload {
            EventPayload::PhaseChanged(change) => {
                (&change.gates, Some(change.from), Some(change.to))
            }
            EventPayload::AttemptRefused(refused) => match refused.attempt {
                Attempt::Transition { from, to } => (&refused.gates, Some(from), Some(to)),
                Attempt::Access => (&refused.gates, None, None),
            },
            _ => continue,
        };
        last.extend(reports.iter().map(|report| {
            let (seq, at) = (event.seq, event.at);
            let last = LastReport {
                report,
                seq,
                at,
                from,
                to,
            };
            (&report.name, last)
        }));
    }
    last
}

/// A duration as text, in whole seconds unless it is shorter than one.
pub(super) fn duration_text(duration: Duration) -> String {
    let whole = Duration::from_secs(duration.as_secs());
    let shown = if whole.is_zero() { duration } else { whole };
    humantime::format_duration(shown).to_string()
}
