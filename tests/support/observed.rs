//! An observer that keeps all observations.

use std::sync::{Arc, Mutex};

use http::Response;
use legacy_http_compat::observation::{Observation, Observe, Shape, SkipReason};

/// What an observation said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) endpoint: String,
    pub(crate) outcome: String,
    pub(crate) target_status: u16,
    pub(crate) shape: Shape,
    pub(crate) skip: Option<SkipReason>,
    pub(crate) undetermined: Option<SkipReason>,
    pub(crate) dependent: bool,
    pub(crate) stranded: bool,
}

/// Keeps all observations. Its clones share them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Notes(Arc<Mutex<Vec<Seen>>>);

impl Notes {
    pub(crate) fn all(&self) -> Vec<Seen> {
        self.0.lock().unwrap().clone()
    }

    /// The only observation so far.
    pub(crate) fn only(&self) -> Seen {
        let mut all = self.all();
        assert_eq!(all.len(), 1, "{all:?}");
        all.remove(0)
    }

    /// Outcome, shape and skip reason of the only observation so far, forgetting it.
    pub(crate) fn take(&self) -> (String, Shape, Option<SkipReason>) {
        let Seen {
            outcome,
            shape,
            skip,
            ..
        } = self.only();
        self.0.lock().unwrap().clear();
        (outcome, shape, skip)
    }
}

impl Observe for Notes {
    fn observe(&self, observation: &Observation<'_>) {
        self.0.lock().unwrap().push(Seen {
            endpoint: observation.endpoint().to_owned(),
            outcome: observation.outcome().to_owned(),
            target_status: observation.target_status().as_u16(),
            shape: observation.shape(),
            skip: observation.skip_reason(),
            undetermined: observation.undetermined_reason(),
            dependent: observation.is_dependent(),
            stranded: observation.is_stranded(),
        });
    }
}

/// The lines of a header.
pub(crate) fn lines<'r, B>(response: &'r Response<B>, name: &str) -> Vec<&'r str> {
    let lines = response.headers().get_all(name).iter();
    lines.map(|line| line.to_str().unwrap()).collect()
}
