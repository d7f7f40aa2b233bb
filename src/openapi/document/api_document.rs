//! An `OpenAPI` document, with the files that it refers to.

use std::{
    collections::HashMap,
    fmt, fs, io,
    path::{Component, Path, PathBuf},
};

use serde_json::Value;
use thiserror::Error;

use super::text::parse;

/// An `OpenAPI` document (3.0 or 3.1, JSON or YAML), with the local files that it refers to. Nothing is ever fetched.
///
/// ```
/// use legacy_http_compat::openapi::ApiDocument;
///
/// let document = ApiDocument::from_text("openapi: 3.1.0\ninfo: {title: Orders, version: '1'}\npaths: {}\n")?;
/// assert_eq!(document.version(), "3.1.0");
/// # Ok::<(), legacy_http_compat::openapi::ReadError>(())
/// ```
pub struct ApiDocument {
    version: String,
    /// The document itself, then the files that it refers to.
    files: Vec<SourceFile>,
}

pub(crate) struct SourceFile {
    path: PathBuf,
    pub(crate) value: Value,
    /// Where its relative references to other files lead.
    references: HashMap<String, usize>,
}

/// Why a document could not be read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The file cannot be read.
    #[error("cannot read {path}: {error}", path = .path.display())]
    Io {
        /// Of the file.
        path: PathBuf,
        /// Why.
        #[source]
        error: io::Error,
    },
    /// The file is outside the root.
    #[error("{path} is not beneath the root {root}", path = .path.display(), root = .root.display())]
    OutsideRoot {
        /// Of the file.
        path: PathBuf,
        /// Of all files.
        root: PathBuf,
    },
    /// The text is neither JSON nor YAML, or names one member of an object twice.
    #[error("{path} is not valid: {reason}", path = .path.display())]
    Syntax {
        /// Of the file; empty for a text without one.
        path: PathBuf,
        /// With line and column.
        reason: String,
    },
    /// The document is of another version, or of another kind.
    #[error("{path} is not an OpenAPI 3.0 or 3.1 document: {found}", path = .path.display())]
    Version {
        /// Of the file; empty for a text without one.
        path: PathBuf,
        /// What it says it is.
        found: String,
    },
}

impl ApiDocument {
    /// Reads a document and the files that it refers to, as far as they are beneath `root` (unless given, the folder of the
    /// document). A reference to another place, to a file that is not there or cannot be read, or to the network is left
    /// unresolved: it spoils only the operations that use it.
    ///
    /// # Errors
    ///
    /// If the document itself cannot be read, is outside the root, has duplicate members, or is of another version.
    pub fn read(path: &Path, root: Option<&Path>) -> Result<Self, ReadError> {
        let canonical = canonical(path)?;
        let root = match root {
            Some(root) => self::canonical(root)?,
            None => canonical.parent().map(Path::to_owned).unwrap_or_default(),
        };
        if !canonical.starts_with(&root) {
            let path = path.to_owned();
            return Err(ReadError::OutsideRoot { path, root });
        }
        let mut document = Self::of(path, read_file(&canonical, path)?)?;
        document.files[0].path = canonical;
        document.read_referenced(&root);
        Ok(document)
    }

    /// Reads a document from a text. References to other files are left unresolved.
    ///
    /// # Errors
    ///
    /// As for [`read`](Self::read).
    pub fn from_text(text: &str) -> Result<Self, ReadError> {
        let value = parse(text).map_err(|reason| ReadError::Syntax {
            path: PathBuf::new(),
            reason,
        })?;
        Self::of(Path::new(""), value)
    }

    /// The version of `OpenAPI`, such as `3.0.3`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether it is of version 3.0, whose schemas are not yet those of JSON Schema.
    pub(crate) fn is_3_0(&self) -> bool {
        self.version.starts_with("3.0")
    }

    pub(crate) fn file(&self, index: usize) -> &Value {
        &self.files[index].value
    }

    /// The file and the JSON pointer in it that a reference in a file leads to.
    pub(crate) fn resolve<'r>(&self, file: usize, reference: &'r str) -> Option<(usize, &'r str)> {
        let (path, pointer) = reference.split_once('#').unwrap_or((reference, ""));
        let file = match path {
            "" => file,
            path => *self.files[file].references.get(path)?,
        };
        Some((file, pointer))
    }

    /// The name of a file, relative to the document's folder; empty for the document itself.
    pub(crate) fn file_name(&self, index: usize) -> String {
        if index == 0 {
            return String::new();
        }
        let folder = self.files[0].path.parent().unwrap_or(Path::new(""));
        let path = &self.files[index].path;
        path.strip_prefix(folder)
            .unwrap_or(path)
            .display()
            .to_string()
    }

    fn of(path: &Path, value: Value) -> Result<Self, ReadError> {
        let version = value.get("openapi").and_then(Value::as_str);
        let Some(version) = version
            .filter(|version| version.starts_with("3.0") || version.starts_with("3.1"))
            .map(ToOwned::to_owned)
        else {
            let found = ["openapi", "swagger"]
                .into_iter()
                .find_map(|member| Some(format!("{member}: {}", value.get(member)?)));
            let found = found.unwrap_or_else(|| "no member `openapi`".to_owned());
            let path = path.to_owned();
            return Err(ReadError::Version { path, found });
        };
        Ok(Self {
            version,
            files: vec![SourceFile {
                path: path.to_owned(),
                value,
                references: HashMap::new(),
            }],
        })
    }

    fn read_referenced(&mut self, root: &Path) {
        let mut index = 0;
        while index < self.files.len() {
            let mut found = Vec::new();
            collect_files(&self.files[index].value, &mut found);
            let folder = self.files[index].path.parent().map(Path::to_owned);
            for reference in found {
                let path = folder.as_deref().unwrap_or(Path::new("")).join(&reference);
                if let Some(file) = self.file_at(&path, root) {
                    self.files[index].references.insert(reference, file);
                }
            }
            index += 1;
        }
    }

    /// The index of a file beneath the root, read if it is new.
    fn file_at(&mut self, path: &Path, root: &Path) -> Option<usize> {
        let path = canonical(path).ok().filter(|path| path.starts_with(root))?;
        if let Some(known) = self.files.iter().position(|file| file.path == path) {
            return Some(known);
        }
        let value = read_file(&path, &path).ok()?;
        self.files.push(SourceFile {
            path,
            value,
            references: HashMap::new(),
        });
        Some(self.files.len() - 1)
    }
}

impl fmt::Debug for ApiDocument {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiDocument")
            .field("path", &self.files[0].path)
            .field("version", &self.version)
            .field("files", &self.files.len())
            .finish()
    }
}

fn canonical(path: &Path) -> Result<PathBuf, ReadError> {
    let path = path.to_owned();
    fs::canonicalize(&path).map_err(|error| ReadError::Io { path, error })
}

fn read_file(path: &Path, shown: &Path) -> Result<Value, ReadError> {
    let shown = shown.to_owned();
    match fs::read_to_string(path) {
        Ok(text) => parse(&text).map_err(|reason| ReadError::Syntax {
            path: shown,
            reason,
        }),
        Err(error) => Err(ReadError::Io { path: shown, error }),
    }
}

/// The relative files that the references in `value` name.
fn collect_files(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let file = reference.split('#').next().unwrap_or_default();
                if is_relative(file) && !found.iter().any(|known| known == file) {
                    found.push(file.to_owned());
                }
            }
            members
                .values()
                .for_each(|member| collect_files(member, found));
        }
        Value::Array(items) => items.iter().for_each(|item| collect_files(item, found)),
        _ => {}
    }
}

fn is_relative(file: &str) -> bool {
    let mut parts = Path::new(file).components();
    !file.is_empty()
        && !file.contains(':')
        && parts.all(|part| {
            matches!(
                part,
                Component::Normal(_) | Component::CurDir | Component::ParentDir
            )
        })
}
