//! The series of a [`Metrics`](super::Metrics), the counter of each, and all of them at one moment.

use std::{collections::HashMap, sync::Arc};

use crate::observation::{Observation, RehearsalResult, Shape, SkipReason};

/// What one counter counts.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Series {
    Responses {
        endpoint: Arc<str>,
        outcome: Arc<str>,
        client_kind: Arc<str>,
        shape: Shape,
    },
    Skipped {
        endpoint: Arc<str>,
        reason: SkipReason,
    },
    Undetermined {
        endpoint: Arc<str>,
        reason: SkipReason,
    },
    Rehearsed {
        endpoint: Arc<str>,
        outcome: Arc<str>,
        result: RehearsalResult,
    },
}

/// The index of the counter of a series.
pub(super) type SeriesId = u16;

/// All series with their ids. Series with equal names are one, whichever contract they come from.
#[derive(Debug)]
pub(super) struct SeriesRegistry {
    ids: HashMap<Series, SeriesId>,
    /// By id. Copied on write, and only while a reader still holds it.
    series: Arc<Vec<Series>>,
}

/// The most series, including those of the overflow.
pub(super) const MAX_SERIES: usize = 4_096;

/// The first ids count the series without an id of their own: two for the shapes, then one for each
/// reason of a skip and of an undetermined outcome, and for each result of a rehearsal.
pub(super) const OVERFLOW: usize = REHEARSALS as usize + RehearsalResult::ALL.len();

#[expect(clippy::cast_possible_truncation, reason = "there are few reasons")]
const REHEARSALS: SeriesId = 2 + SKIPS + SkipReason::UNDETERMINED.len() as SeriesId;

#[expect(clippy::cast_possible_truncation, reason = "there are few reasons")]
const SKIPS: SeriesId = SkipReason::ALL.len() as SeriesId;

impl Series {
    pub(super) fn response(observation: &Observation<'_>) -> Self {
        Self::Responses {
            endpoint: observation.endpoint().into(),
            outcome: observation.outcome().into(),
            client_kind: observation.client_kind().into(),
            shape: observation.shape(),
        }
    }

    pub(super) fn skipped(observation: &Observation<'_>, reason: SkipReason) -> Self {
        Self::Skipped {
            endpoint: observation.endpoint().into(),
            reason,
        }
    }

    pub(super) fn undetermined(observation: &Observation<'_>, reason: SkipReason) -> Self {
        Self::Undetermined {
            endpoint: observation.endpoint().into(),
            reason,
        }
    }

    pub(super) fn rehearsed(observation: &Observation<'_>, result: RehearsalResult) -> Self {
        Self::Rehearsed {
            endpoint: observation.endpoint().into(),
            outcome: observation.outcome().into(),
            result,
        }
    }

    /// Where it is counted if it has no id of its own.
    fn overflow(&self) -> SeriesId {
        match self {
            Self::Responses { shape, .. } => SeriesId::from(shape.is_legacy()),
            Self::Skipped { reason, .. } => 2 + *reason as SeriesId,
            Self::Undetermined { reason, .. } => 2 + SKIPS + *reason as SeriesId,
            Self::Rehearsed { result, .. } => REHEARSALS + *result as SeriesId,
        }
    }

    /// The series of the overflow, by id.
    fn all_overflow() -> Vec<Self> {
        let other: Arc<str> = "other".into();
        let shapes = [Shape::Target, Shape::Legacy].map(|shape| Self::Responses {
            endpoint: Arc::clone(&other),
            outcome: Arc::clone(&other),
            client_kind: Arc::clone(&other),
            shape,
        });
        let skips = SkipReason::ALL.iter().map(|&reason| Self::Skipped {
            endpoint: Arc::clone(&other),
            reason,
        });
        let undetermined = SkipReason::UNDETERMINED.map(|reason| Self::Undetermined {
            endpoint: Arc::clone(&other),
            reason,
        });
        let rehearsed = RehearsalResult::ALL.iter().map(|&result| Self::Rehearsed {
            endpoint: Arc::clone(&other),
            outcome: Arc::clone(&other),
            result,
        });
        let responses = shapes.into_iter().chain(skips).chain(undetermined);
        responses.chain(rehearsed).collect()
    }
}

impl SeriesRegistry {
    pub(super) fn new() -> Self {
        Self {
            ids: HashMap::new(),
            series: Arc::new(Series::all_overflow()),
        }
    }

    /// The id of a series: its own, a new one as long as there are any, or that of the overflow.
    pub(super) fn id(&mut self, series: Series) -> SeriesId {
        if let Some(id) = self.ids.get(&series) {
            return *id;
        }
        let next = SeriesId::try_from(self.series.len()).ok();
        match next.filter(|next| usize::from(*next) < MAX_SERIES) {
            Some(next) => {
                Arc::make_mut(&mut self.series).push(series.clone());
                self.ids.insert(series, next);
                next
            }
            None => series.overflow(),
        }
    }

    /// Whether there are ids for all of these series.
    pub(super) fn fits<'s>(&self, series: impl Iterator<Item = &'s Series>) -> bool {
        let new = series.filter(|series| !self.ids.contains_key(series));
        new.count() <= MAX_SERIES - self.series.len()
    }

    /// All series by id, as they are now.
    pub(super) fn series(&self) -> Arc<Vec<Series>> {
        Arc::clone(&self.series)
    }
}

/// All counters of a [`Metrics`](super::Metrics) at one moment, in the order in which their series were added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MetricsSnapshot {
    /// The responses.
    pub responses: Vec<ResponseCount>,
    /// The responses to dependent callers that were not rewritten while the flag was on.
    pub skipped: Vec<SkipCount>,
    /// The responses whose outcome could not be determined.
    pub undetermined: Vec<SkipCount>,
    /// The rehearsed legacy responses.
    pub rehearsed: Vec<RehearsalCount>,
}

/// The number of responses with one endpoint, outcome, kind of caller and shape.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ResponseCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The outcome's name, `other` or `undetermined`.
    pub outcome: Arc<str>,
    /// The name of the kind of caller, or `other`.
    pub client_kind: Arc<str>,
    /// The shape that was served.
    pub shape: Shape,
    /// The count.
    pub count: u64,
}

/// The number of responses of an endpoint that were skipped, or not determined, for one reason.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkipCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The reason.
    pub reason: SkipReason,
    /// The count.
    pub count: u64,
}

/// The number of rehearsed legacy responses with one endpoint, outcome and result.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RehearsalCount {
    /// The endpoint's name.
    pub endpoint: Arc<str>,
    /// The outcome's name.
    pub outcome: Arc<str>,
    /// The result.
    pub result: RehearsalResult,
    /// The count.
    pub count: u64,
}

impl SkipCount {
    fn new(endpoint: &Arc<str>, reason: SkipReason, count: u64) -> Self {
        Self {
            endpoint: Arc::clone(endpoint),
            reason,
            count,
        }
    }
}

impl MetricsSnapshot {
    /// The number of all responses.
    #[must_use]
    pub fn total_responses(&self) -> u64 {
        self.responses.iter().map(|series| series.count).sum()
    }

    pub(super) fn add(&mut self, series: &Series, count: u64) {
        match series {
            Series::Responses {
                endpoint,
                outcome,
                client_kind,
                shape,
            } => self.responses.push(ResponseCount {
                endpoint: Arc::clone(endpoint),
                outcome: Arc::clone(outcome),
                client_kind: Arc::clone(client_kind),
                shape: *shape,
                count,
            }),
            Series::Skipped { endpoint, reason } => {
                self.skipped.push(SkipCount::new(endpoint, *reason, count));
            }
            Series::Undetermined { endpoint, reason } => {
                self.undetermined
                    .push(SkipCount::new(endpoint, *reason, count));
            }
            Series::Rehearsed {
                endpoint,
                outcome,
                result,
            } => self.rehearsed.push(RehearsalCount {
                endpoint: Arc::clone(endpoint),
                outcome: Arc::clone(outcome),
                result: *result,
                count,
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_series_of_the_overflow_stands_at_its_own_id() {
        let overflow = Series::all_overflow();
        assert_eq!(overflow.len(), OVERFLOW);
        for (id, series) in overflow.iter().enumerate() {
            assert_eq!(usize::from(series.overflow()), id);
        }
    }
}
