//! Which files there are to read.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

/// The files of some trees, in the order of their names.
#[derive(Default)]
pub(super) struct Tree {
    /// What there is to read.
    pub(super) files: Vec<PathBuf>,
    /// What could not be looked into.
    pub(super) unreadable: Vec<Unreadable>,
    excluded: Vec<PathBuf>,
}

/// What could not be read.
#[derive(Clone, Serialize)]
pub(super) struct Unreadable {
    pub(super) path: String,
    pub(super) message: String,
}

impl Tree {
    /// Walks these trees without those.
    pub(super) fn walk(paths: &[PathBuf], exclude: &[PathBuf]) -> Self {
        let mut tree = Self::default();
        for path in exclude {
            match located(path) {
                Ok(path) => tree.excluded.push(path),
                Err(error) => tree.unreadable.push(Unreadable::new(path, &error)),
            }
        }
        for path in paths {
            tree.take(path, true);
        }
        tree.files.dedup();
        tree
    }

    fn take(&mut self, path: &Path, named: bool) {
        if let Err(error) = self.try_take(path, named) {
            self.unreadable.push(Unreadable::new(path, &error));
        }
    }

    fn try_take(&mut self, path: &Path, named: bool) -> io::Result<()> {
        if self.is_excluded(path)? {
            return Ok(());
        }
        let is_link = fs::symlink_metadata(path)?.is_symlink();
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            if named || !(is_link || is_passed_over(path)) {
                self.take_directory(path)?;
            }
        } else if metadata.is_file() {
            self.files.push(path.to_owned());
        } else if named {
            return Err(io::Error::other("it is neither a file nor a directory"));
        }
        Ok(())
    }

    fn take_directory(&mut self, path: &Path) -> io::Result<()> {
        let entries = fs::read_dir(path)?;
        let mut entries = entries
            .map(|entry| entry.map(|entry| entry.path()))
            .collect::<io::Result<Vec<PathBuf>>>()?;
        entries.sort();
        for entry in entries {
            // In a linked worktree it is a file.
            if entry.file_name().is_none_or(|name| name != ".git") {
                self.take(&entry, false);
            }
        }
        Ok(())
    }

    fn is_excluded(&self, path: &Path) -> io::Result<bool> {
        Ok(!self.excluded.is_empty() && self.excluded.contains(&located(path)?))
    }
}

impl Unreadable {
    pub(super) fn new(path: &Path, error: &io::Error) -> Self {
        Self {
            path: path.display().to_string(),
            message: error.to_string(),
        }
    }
}

/// Where a path is. Its last name is not resolved, so that a link can be excluded whatever it points to.
fn located(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    fs::symlink_metadata(&path)?;
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => path.canonicalize(),
    }
}

/// Whether cargo builds into this directory. A module may be called `target` too.
fn is_passed_over(directory: &Path) -> bool {
    let beside = |name| directory.with_file_name(name).is_file();
    directory.file_name().is_some_and(|name| name == "target")
        && (directory.join("CACHEDIR.TAG").is_file() || beside("Cargo.toml"))
}
