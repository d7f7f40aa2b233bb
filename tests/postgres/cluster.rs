//! A private cluster, by the script `cluster`.

use std::{
    io::{BufRead as _, BufReader, Write as _},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
    sync::{
        Mutex, OnceLock,
        atomic::{AtomicU32, Ordering},
    },
};

use crate::database::Database;

/// A running cluster, which ends when its standard input is closed.
pub(crate) struct Cluster {
    pub(crate) port: u16,
    pipes: Mutex<Pipes>,
    child: Child,
}

struct Pipes {
    stdin: Option<ChildStdin>,
    stdout: BufReader<ChildStdout>,
}

impl Cluster {
    /// The one that tests share which do not disturb it, each with a database of its own.
    pub(crate) fn shared() -> &'static Self {
        static SHARED: OnceLock<Cluster> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[], &[]))
    }

    /// Starts one with these lines of configuration.
    pub(crate) fn start(configuration: &[&str], environment: &[(&str, &str)]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/postgres/cluster");
        let mut child = Command::new(script)
            .args(configuration)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("the script runs");
        let stdin = child.stdin.take();
        let mut stdout = BufReader::new(child.stdout.take().expect("piped"));
        let ready = next_line(&mut stdout);
        let port = ready
            .strip_prefix("ready ")
            .expect("the server starts; see the log above");
        Self {
            port: port.parse().expect("a port"),
            pipes: Mutex::new(Pipes { stdin, stdout }),
            child,
        }
    }

    /// Gives the script a command.
    pub(crate) fn command(&self, command: &str) {
        let mut pipes = self.pipes.lock().unwrap();
        let stdin = pipes.stdin.as_mut().expect("open until it is dropped");
        writeln!(stdin, "{command}").expect("the script runs");
        assert_eq!(next_line(&mut pipes.stdout), "ok", "{command}");
    }

    /// A new database without any migration.
    pub(crate) fn empty_database(&self) -> Database {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("test_{}", NEXT.fetch_add(1, Ordering::Relaxed));
        Database::new(self.port, "postgres").execute(&format!("create database {name}"));
        Database::new(self.port, &name)
    }

    /// A new database, migrated.
    pub(crate) fn database(&self) -> Database {
        let database = self.empty_database();
        database.builder().migrate_now().expect("an empty database");
        database
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        drop(self.pipes.lock().unwrap().stdin.take());
        self.child.wait().expect("the child is ours");
    }
}

fn next_line(stdout: &mut BufReader<ChildStdout>) -> String {
    let mut line = String::new();
    stdout.read_line(&mut line).expect("UTF-8");
    line.trim_end().to_owned()
}
