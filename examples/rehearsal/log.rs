//! The log of the Core, captured in memory.

use std::{
    io,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

/// A captured log; clones share it.
#[derive(Clone, Default)]
pub(crate) struct Log {
    lines: Arc<Mutex<Vec<u8>>>,
}

impl Log {
    /// Installs a log that captures what the crate logs.
    pub(crate) fn install() -> Self {
        let log = Self::default();
        tracing_subscriber::fmt()
            .with_env_filter(EnvFilter::new("legacy_http_compat=info"))
            .with_ansi(false)
            .with_writer(log.clone())
            .init();
        log
    }

    /// The states of the flag in the log, in order.
    pub(crate) fn flag_states(&self) -> Vec<&'static str> {
        let lines = String::from_utf8_lossy(&self.lines()).into_owned();
        let said = lines.lines().filter_map(|line| {
            let states = ["on", "off", "retired"].into_iter();
            let mut logged = states.filter(|state| line.contains(&format!(" state={state:?}")));
            logged.next()
        });
        said.collect()
    }

    fn lines(&self) -> MutexGuard<'_, Vec<u8>> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.lines().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}
