//! The series and their places: what each atomic counts.

use std::{collections::HashMap, sync::Arc};

use crate::observation::{Observation, Shape, SkipReason};

/// What one atomic counts.
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
}

/// Which atomic counts a series.
pub(super) type SeriesId = u16;

/// Which series there are, and where each is counted. Equal names are one series, whichever contract they came with.
#[derive(Debug)]
pub(super) struct SeriesRegistry {
    places: HashMap<Series, SeriesId>,
    /// By place. Copied on write, and only where a reader still holds it.
    series: Arc<Vec<Series>>,
}

/// The most series, those of the excess included.
pub(super) const MAX_SERIES: usize = 4_096;

/// The first places take what finds none of its own: two for the shapes, then one for each reason.
pub(super) const EXCESS: usize = 2 + SkipReason::ALL.len();

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

    /// Where it is counted if it finds no place of its own.
    fn excess(&self) -> SeriesId {
        match self {
            Self::Responses { shape, .. } => SeriesId::from(shape.is_legacy()),
            Self::Skipped { reason, .. } => 2 + *reason as SeriesId,
        }
    }

    /// The series of the excess, by place.
    fn all_excess() -> Vec<Self> {
        let other: Arc<str> = "other".into();
        let shapes = [Shape::Target, Shape::Legacy].map(|shape| Self::Responses {
            endpoint: Arc::clone(&other),
            outcome: Arc::clone(&other),
            client_kind: Arc::clone(&other),
            shape,
        });
        let reasons = SkipReason::ALL.map(|reason| Self::Skipped {
            endpoint: Arc::clone(&other),
            reason,
        });
        shapes.into_iter().chain(reasons).collect()
    }
}

impl SeriesRegistry {
    pub(super) fn new() -> Self {
        Self {
            places: HashMap::new(),
            series: Arc::new(Series::all_excess()),
        }
    }

    /// Where a series is counted: where it always was, or in a place of its own as long as there are any.
    pub(super) fn place(&mut self, series: Series) -> SeriesId {
        if let Some(place) = self.places.get(&series) {
            return *place;
        }
        let next = SeriesId::try_from(self.series.len()).ok();
        match next.filter(|next| usize::from(*next) < MAX_SERIES) {
            Some(next) => {
                Arc::make_mut(&mut self.series).push(series.clone());
                self.places.insert(series, next);
                next
            }
            None => series.excess(),
        }
    }

    /// Whether all of these series find places of their own.
    pub(super) fn has_room_for<'s>(&self, series: impl Iterator<Item = &'s Series>) -> bool {
        let new = series.filter(|series| !self.places.contains_key(series));
        new.count() <= MAX_SERIES - self.series.len()
    }

    /// All series by place, as they are now.
    pub(super) fn series(&self) -> Arc<Vec<Series>> {
        Arc::clone(&self.series)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_series_of_the_excess_stands_where_what_belongs_to_it_is_counted() {
        let excess = Series::all_excess();
        assert_eq!(excess.len(), EXCESS);
        for (place, series) in excess.iter().enumerate() {
            assert_eq!(usize::from(series.excess()), place);
        }
    }
}
