//! The example's binary as a child process.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    path::PathBuf,
    process::{Child, ChildStdout, Command, ExitStatus, Stdio},
    thread::{self, JoinHandle},
};

use super::{http_client::HttpClient, temp_dir::TempDir};

/// The arguments for a policy whose gates ask nothing.
pub(crate) const NO_GATES: [&str; 2] = [
    "--policy",
    concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/no_gates.json"),
];

/// A running Core, killed when dropped.
pub(crate) struct Core {
    child: Child,
    stdout: BufReader<ChildStdout>,
    log: Option<JoinHandle<String>>,
    addr: String,
    _temporary: TempDir,
}

/// How a Core ended.
pub(crate) struct Ended {
    pub(crate) status: ExitStatus,
    /// What was on standard output after the lines read before.
    pub(crate) more_output: String,
    pub(crate) log: String,
}

/// How a Core that did not start ended.
pub(crate) struct Refused {
    pub(crate) status: ExitStatus,
    pub(crate) output: String,
    pub(crate) log: String,
}

/// A POST request whose body is still to come.
pub(crate) struct HalfRequest {
    stream: TcpStream,
}

impl Core {
    /// On a free port, with these arguments.
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    pub(crate) fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let temporary = TempDir::new();
        let mut child = command(&temporary)
            .args(["--listen", "127.0.0.1:0"])
            .args(args)
            .envs(environment.iter().copied())
            .spawn()
            .expect("the example starts");
        let stdout = BufReader::new(child.stdout.take().expect("piped"));
        let stderr = child.stderr.take().expect("piped");
        let mut core = Self {
            child,
            stdout,
            log: Some(thread::spawn(|| read_all(stderr))),
            addr: String::new(),
            _temporary: temporary,
        };
        let first = core.next_line();
        let addr = first.strip_prefix("core listening on http://");
        core.addr += addr.expect(&first);
        core
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.addr)
    }

    pub(crate) fn http(&self) -> HttpClient {
        HttpClient::new(self.url())
    }

    /// The next line on standard output.
    pub(crate) fn next_line(&mut self) -> String {
        let mut line = String::new();
        self.stdout.read_line(&mut line).expect("UTF-8");
        line.trim_end().to_owned()
    }

    pub(crate) fn signal_term(&self) {
        let kill = format!("kill -TERM {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status();
        assert!(killed.expect("a shell").success());
    }

    pub(crate) fn terminate(self) -> Ended {
        self.signal_term();
        self.wait()
    }

    /// Ends it as nothing can prevent: SIGKILL.
    pub(crate) fn kill(mut self) {
        self.child.kill().expect("the child runs");
        self.child.wait().expect("the child is ours");
    }

    pub(crate) fn wait(mut self) -> Ended {
        let status = self.child.wait().expect("the child is ours");
        let log = self.log.take().expect("not yet taken");
        let mut more_output = String::new();
        self.stdout.read_to_string(&mut more_output).expect("UTF-8");
        Ended {
            status,
            more_output,
            log: log.join().expect("reading does not panic"),
        }
    }

    /// Sends the head of a request, and returns once its handler waits for the body.
    pub(crate) fn begin_post(&self, path: &str, length: usize) -> HalfRequest {
        let mut stream = TcpStream::connect(&self.addr).expect("the server listens");
        write!(
            stream,
            "POST {path} HTTP/1.1\r\nHost: core\r\nContent-Type: application/json\r\n\
             Content-Length: {length}\r\nExpect: 100-continue\r\n\r\n"
        )
        .expect("the server reads");
        let mut interim = [0; 25];
        stream.read_exact(&mut interim).expect("the server answers");
        assert_eq!(&interim, b"HTTP/1.1 100 Continue\r\n\r\n");
        HalfRequest { stream }
    }

    /// Returns once the server takes no new connections.
    pub(crate) fn await_refusal(&self) {
        while TcpStream::connect(&self.addr).is_ok() {
            thread::yield_now();
        }
    }
}

impl Drop for Core {
    fn drop(&mut self) {
        // Fails where it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl HalfRequest {
    /// Sends the body and reads the response to its end.
    pub(crate) fn finish(&mut self, body: &str) -> String {
        self.stream
            .write_all(body.as_bytes())
            .expect("the server reads");
        let mut response = String::new();
        self.stream
            .read_to_string(&mut response)
            .expect("the server answers");
        response
    }
}

/// Runs a Core that is not to start.
pub(crate) fn refused(args: &[&str]) -> Refused {
    refused_with(args, &[])
}

pub(crate) fn refused_with(args: &[&str], environment: &[(&str, &str)]) -> Refused {
    let temporary = TempDir::new();
    let free_port = ["--listen", "127.0.0.1:0"];
    let listens = args.contains(&free_port[0]);
    let ended = command(&temporary)
        .args(if listens { &[][..] } else { &free_port })
        .args(args)
        .envs(environment.iter().copied())
        .output()
        .expect("the example starts");
    Refused {
        status: ended.status,
        output: String::from_utf8(ended.stdout).expect("UTF-8"),
        log: String::from_utf8(ended.stderr).expect("UTF-8"),
    }
}

/// Leaves nothing behind: temporary directories are made in `temporary`.
fn command(temporary: &TempDir) -> Command {
    let mut command = Command::new(example("core"));
    command
        .env("TMPDIR", temporary.path())
        .env_remove("CORE_FINGERPRINT_KEY")
        .env_remove("CORE_OPERATOR_TOKEN")
        .env_remove("CORE_PIPELINE_TOKEN")
        .env_remove("CORE_VIEWER_TOKEN")
        .env_remove("RUST_LOG")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Cargo names no example to tests, but puts them beside: `deps/test` and `examples/core`.
pub(crate) fn example(name: &str) -> PathBuf {
    let test = env::current_exe().expect("a test has a path");
    let target = test.ancestors().nth(2).expect("a test lies in `deps`");
    let binary = target.join("examples").join(name);
    assert!(
        binary.exists(),
        "build the examples first: cargo build --examples --features admin,hyper,prometheus"
    );
    binary
}

fn read_all(mut from: impl Read) -> String {
    let mut text = String::new();
    from.read_to_string(&mut text).expect("UTF-8");
    text
}
