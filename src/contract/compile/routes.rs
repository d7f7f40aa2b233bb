//! Which endpoint a request is for.

use http::Method;
use matchit::{InsertError, Router};

/// One router for each method, so that equal paths under different methods do not meet.
#[derive(Clone, Default)]
pub(super) struct Routes {
    by_method: Vec<(Method, Router<usize>)>,
}

impl Routes {
    pub(super) fn insert(
        &mut self,
        method: &Method,
        path: &str,
        endpoint: usize,
    ) -> Result<(), InsertError> {
        let index = self
            .by_method
            .iter()
            .position(|(known, _)| known == method)
            .unwrap_or_else(|| {
                self.by_method.push((method.clone(), Router::new()));
                self.by_method.len() - 1
            });
        self.by_method[index].1.insert(path, endpoint)
    }

    /// Does not allocate for patterns with up to three parameters, which `matchit` keeps on the stack; a match with more
    /// costs one allocation.
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<usize> {
        let (_, router) = self.by_method.iter().find(|(known, _)| known == method)?;
        router.at(path).ok().map(|found| *found.value)
    }
}

impl std::fmt::Debug for Routes {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_list()
            .entries(self.by_method.iter().map(|(method, _)| method))
            .finish()
    }
}
