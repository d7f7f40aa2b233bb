//! The files of a source tree, and their text.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use serde::Serialize;

/// How many bytes git examines to detect a binary file.
const PEEKED: usize = 8_000;

/// The files of some trees, in the order of their names.
#[derive(Default)]
pub(super) struct SourceTree {
    /// The files to read.
    pub(super) files: Vec<PathBuf>,
    /// What could not be opened.
    pub(super) unreadable: Vec<Unreadable>,
    excluded: Vec<PathBuf>,
}

/// A file or directory that could not be read.
#[derive(Clone, Serialize)]
pub(super) struct Unreadable {
    pub(super) path: String,
    pub(super) message: String,
}

impl SourceTree {
    /// Walks the trees at `paths` without what `exclude` names.
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
            if named || !(is_link || is_build_output(path)) {
                self.take_directory(path)?;
            }
        } else if metadata.is_file() {
            self.files.push(path.to_owned());
        } else if named {
            return Err(special_file());
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

fn special_file() -> io::Error {
    io::Error::other("it is neither a file nor a directory")
}

/// The absolute path. Its last name is not resolved, so that a link can be excluded whatever it points to.
fn located(path: &Path) -> io::Result<PathBuf> {
    let path = std::path::absolute(path)?;
    fs::symlink_metadata(&path)?;
    match (path.parent(), path.file_name()) {
        (Some(parent), Some(name)) => Ok(parent.canonicalize()?.join(name)),
        _ => path.canonicalize(),
    }
}

/// Whether cargo builds into this directory. A module may be called `target` too.
fn is_build_output(directory: &Path) -> bool {
    let beside = |name| directory.with_file_name(name).is_file();
    directory.file_name().is_some_and(|name| name == "target")
        && (directory.join("CACHEDIR.TAG").is_file() || beside("Cargo.toml"))
}

/// The text of a file; `None` for a binary one.
pub(super) fn read_text(path: &Path) -> io::Result<Option<String>> {
    // Again: it may be another file by now.
    if !fs::metadata(path)?.is_file() {
        return Err(special_file());
    }
    let bytes = fs::read(path)?;
    if let Some(text) = utf16(&bytes) {
        return Ok(Some(text));
    }
    let peeked = &bytes[..bytes.len().min(PEEKED)];
    if peeked.contains(&0) {
        return Ok(None);
    }
    // Text in another encoding: the names searched for are ASCII in all of them.
    Ok(Some(String::from_utf8_lossy(&bytes).into_owned()))
}

/// The text of a file with the byte order mark of UTF-16, which has zeros without being binary.
fn utf16(bytes: &[u8]) -> Option<String> {
    let unit: fn([u8; 2]) -> u16 = match bytes {
        [0xff, 0xfe, ..] => u16::from_le_bytes,
        [0xfe, 0xff, ..] => u16::from_be_bytes,
        _ => return None,
    };
    let (units, _) = bytes.as_chunks::<2>();
    let units = units.iter().skip(1).map(|pair| unit(*pair));
    let text = char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER));
    Some(text.collect())
}
