//! A legacy body that a function makes.

use std::{fmt, sync::Arc};

use serde::{Serialize, Serializer};
use serde_json::Value;

/// A function under the name that stands for it in documents and digests.
#[derive(Clone)]
pub(crate) struct LegacyFn {
    pub(crate) name: String,
    /// None where a document only names it.
    pub(crate) body: Option<Arc<BodyFn>>,
}

/// Makes the JSON text of the legacy body out of the target body.
pub(crate) type BodyFn = dyn Fn(&Value) -> Option<Vec<u8>> + Send + Sync;

impl LegacyFn {
    pub(super) fn new<T: Serialize>(
        name: String,
        body: impl Fn(&Value) -> Option<T> + Send + Sync + 'static,
    ) -> Self {
        let body = move |target: &Value| serde_json::to_vec(&body(target)?).ok();
        Self {
            name,
            body: Some(Arc::new(body)),
        }
    }

    pub(super) fn named(name: String) -> Self {
        Self { name, body: None }
    }
}

impl PartialEq for LegacyFn {
    /// Functions cannot be compared; their names stand for them.
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl fmt::Debug for LegacyFn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LegacyFn").field(&self.name).finish()
    }
}

impl Serialize for LegacyFn {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.name)
    }
}
