//! What is shown of a history.

use serde::Serialize;

/// The curves of one span.
///
/// All vectors have [`Curves::len`] entries, oldest first. Bucket `i` starts at `from_unix_ms + i * step_ms`; the last one is
/// still running. An entry of `None` says that nobody was watching, which is not zero.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Curves {
    /// [`Span::as_str`](super::Span::as_str).
    pub span: &'static str,
    /// When the first bucket starts; milliseconds since the Unix epoch.
    pub from_unix_ms: u64,
    /// The length of a bucket in milliseconds.
    pub step_ms: u64,
    /// How many buckets there are.
    pub len: usize,
    /// The window of the census in which callers depended, as its label: each bucket tells who depended within this window
    /// before it.
    pub window: String,
    /// The callers, in the order of the census' kinds, `other` first.
    pub callers: Vec<CallerCurve>,
    /// The answers, in the order in which they came; those beyond
    /// [`History::MAX_PAIRS`](super::History::MAX_PAIRS) last, where there are any.
    pub responses: Vec<AnswerCurve>,
}

/// How many callers of one kind depended; the highest number that was seen in each bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct CallerCurve {
    /// The kind's name.
    pub kind: String,
    /// Those that depended on a legacy shape.
    pub dependent: Vec<Option<u64>>,
    /// Of these the stranded ones.
    pub stranded: Vec<Option<u64>>,
}

/// How many answers of an endpoint had an outcome, in each bucket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct AnswerCurve {
    /// The endpoint's name, or `other` for the excess.
    pub endpoint: String,
    /// The outcome's name, `other` or `undetermined`.
    pub outcome: String,
    /// Those served as the handler made them.
    pub target: Vec<Option<u64>>,
    /// Those served as old clients expect them.
    pub legacy: Vec<Option<u64>>,
}
