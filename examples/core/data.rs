//! The data directory, which holds everything that outlives the process.

use std::{
    env,
    fs::{self, DirBuilder, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use legacy_http_compat::caller::FingerprintKey;

/// The environment variable with a fingerprint key that takes precedence over the one in the data directory.
pub(crate) const KEY_VARIABLE: &str = "CORE_FINGERPRINT_KEY";

const KEY_FILE: &str = "fingerprint.key";

/// A directory that only its owner can read.
pub(crate) struct DataDir {
    path: PathBuf,
    is_temporary: bool,
}

impl DataDir {
    /// Opens the directory at `path`, created if missing; without a path, a new temporary one.
    pub(crate) fn open(path: Option<&Path>) -> Result<Self, String> {
        let name = || env::temp_dir().join(format!("core-{:032x}", rand::random::<u128>()));
        let data = Self {
            path: path.map_or_else(name, Path::to_owned),
            is_temporary: path.is_none(),
        };
        let made = directory(path.is_some()).create(&data.path);
        made.map_err(|error| format!("cannot create {}: {error}", data.path.display()))?;
        Ok(data)
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn is_temporary(&self) -> bool {
        self.is_temporary
    }

    /// The key from the environment, or else the one stored here, generated on first use.
    pub(crate) fn fingerprint_key(&self) -> Result<FingerprintKey, String> {
        fingerprint_key(&self.path.join(KEY_FILE))
    }
}

/// The key from the environment, or else the one at a path, generated on first use.
pub(crate) fn fingerprint_key(path: &Path) -> Result<FingerprintKey, String> {
    match env::var(KEY_VARIABLE) {
        Ok(hex) => parse(&hex, KEY_VARIABLE),
        Err(env::VarError::NotPresent) => stored_key(path),
        Err(env::VarError::NotUnicode(_)) => Err(format!("{KEY_VARIABLE} is not text")),
    }
}

fn stored_key(path: &Path) -> Result<FingerprintKey, String> {
    let name = path.display();
    match read_or_create(path) {
        Ok(hex) => parse(hex.trim_ascii_end(), &name.to_string()),
        Err(error) => Err(format!(
            "cannot store the fingerprint key in {name}: {error}"
        )),
    }
}

/// The error does not contain the key.
fn parse(hex: &str, origin: &str) -> Result<FingerprintKey, String> {
    FingerprintKey::from_hex(hex)
        .map_err(|error| format!("invalid fingerprint key in {origin}: {error}"))
}

fn read_or_create(path: &Path) -> io::Result<String> {
    match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => create(path),
        read => read,
    }
}

/// Writes the key under a temporary name and then links it, so that neither a crash nor a concurrent process leaves
/// a partial key or a second one: a process that loses the race reads the winner's key.
fn create(path: &Path) -> io::Result<String> {
    let draft = path.with_extension(format!("{:032x}", rand::random::<u128>()));
    let mut file = owned_file().open(&draft)?;
    let linked = writeln!(file, "{:032x}", rand::random::<u128>())
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::hard_link(&draft, path));
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(path),
    }
}

fn directory(may_exist: bool) -> DirBuilder {
    let mut builder = DirBuilder::new();
    builder.recursive(may_exist);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
}

fn owned_file() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
