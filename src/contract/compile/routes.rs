//! Which endpoint a method and a path are.

use std::fmt;

use http::Method;
use matchit::{InsertError, Router};

/// Which endpoint a method and path are.
#[derive(Default)]
pub(super) struct Routes {
    /// The paths without parameters, which come before any pattern, sorted by their keys.
    exact: Vec<ExactRoute>,
    /// Those keys.
    keys: Vec<u64>,
    /// One router for each method, so that equal paths under different methods do not meet.
    by_method: Vec<MethodRoutes>,
    has_patterns: bool,
}

struct ExactRoute {
    method: Method,
    path: Box<str>,
    endpoint: usize,
}

struct MethodRoutes {
    method: Method,
    router: Router<usize>,
}

impl Routes {
    pub(super) fn insert(
        &mut self,
        method: &Method,
        path: &str,
        endpoint: usize,
    ) -> Result<(), InsertError> {
        let known = self.by_method.iter().position(|of| of.method == *method);
        let index = known.unwrap_or_else(|| {
            self.by_method.push(MethodRoutes {
                method: method.clone(),
                router: Router::new(),
            });
            self.by_method.len() - 1
        });
        // All paths, so that those that overlap are found out.
        self.by_method[index].router.insert(path, endpoint)?;
        if path.contains(['{', '}']) {
            self.has_patterns = true;
            return Ok(());
        }
        let key = path_key(path);
        let place = self.keys.partition_point(|of| *of <= key);
        let route = ExactRoute {
            method: method.clone(),
            path: path.into(),
            endpoint,
        };
        self.exact.insert(place, route);
        self.keys.insert(place, key);
        Ok(())
    }

    #[inline]
    pub(super) fn find(&self, method: &Method, path: &str) -> Option<usize> {
        /// As many keys are compared one by one before a search costs less.
        const FEW: usize = 16;
        let key = path_key(path);
        let first = if self.keys.len() <= FEW {
            self.keys.iter().position(|of| *of == key)
        } else {
            self.keys.binary_search(&key).ok()
        };
        match first.and_then(|index| self.by_key(index, method, path)) {
            None if self.has_patterns => self.by_pattern(method, path),
            found => found,
        }
    }

    // Outlined, so that what is outside the contract is passed over at once.
    #[inline(never)]
    fn by_key(&self, index: usize, method: &Method, path: &str) -> Option<usize> {
        let of = &self.exact[index];
        if *of.path == *path && of.method == *method {
            return Some(of.endpoint);
        }
        self.by_same_key(index, method, path)
    }

    /// Such are the same path under several methods, and few others.
    #[inline(never)]
    fn by_same_key(&self, index: usize, method: &Method, path: &str) -> Option<usize> {
        let key = self.keys[index];
        let before = self.keys[..index].iter().rev();
        let first = index - before.take_while(|of| **of == key).count();
        let alike = self.keys[first..].iter().take_while(|of| **of == key);
        let mut alike = self.exact[first..].iter().zip(alike);
        let found = alike.find(|(of, _)| *of.path == *path && of.method == *method);
        found.map(|(of, _)| of.endpoint)
    }

    /// Does not allocate for patterns with up to three parameters, which `matchit` keeps on the stack; a match with more
    /// costs one allocation.
    #[inline(never)]
    fn by_pattern(&self, method: &Method, path: &str) -> Option<usize> {
        let of = self.by_method.iter().find(|of| of.method == *method)?;
        of.router.at(path).ok().map(|found| *found.value)
    }
}

/// What most paths differ in, so that few are compared whole: the last eight bytes, and the length.
#[inline]
fn path_key(path: &str) -> u64 {
    let path = path.as_bytes();
    let end = path.last_chunk().map_or(0, |end| u64::from_le_bytes(*end));
    end ^ path.len() as u64
}

impl fmt::Debug for Routes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.by_method.iter().map(|of| &of.method))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn routes(paths: &[(Method, String)]) -> Routes {
        let mut routes = Routes::default();
        for (endpoint, (method, path)) in paths.iter().enumerate() {
            routes.insert(method, path, endpoint).expect("no overlap");
        }
        routes
    }

    #[test]
    fn each_of_few_and_of_many_endpoints_is_found_by_its_method_and_path() {
        for count in [1, 3, 16, 17, 100] {
            let mut paths = Vec::new();
            for number in 0..count {
                // Those of one length end alike.
                let path = format!("/api/{number}/device/poll");
                paths.push((Method::POST, path.clone()));
                paths.push((Method::GET, path));
            }
            paths.push((Method::POST, "/{kind}/poll".to_owned()));
            let routes = routes(&paths);
            for (endpoint, (method, path)) in paths.iter().enumerate() {
                let path = path.replace("{kind}", "any");
                assert_eq!(routes.find(method, &path), Some(endpoint), "{path}");
                assert_eq!(routes.find(&Method::PUT, &path), None, "{path}");
            }
            for outside in ["/api/x/device/poll", "/device/poll/", "", "/", "/poll"] {
                assert_eq!(routes.find(&Method::POST, outside), None, "{outside}");
            }
        }
    }
}
