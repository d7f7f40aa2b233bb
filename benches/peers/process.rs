//! A child process that serves, and the CPU time it takes.

use std::{
    env, fs, io,
    net::{Ipv4Addr, TcpListener, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::sleep,
    time::{Duration, Instant},
};

use crate::setup::Setup;

const START_LIMIT: Duration = Duration::from_secs(10);

/// One process tree that serves on a port; killed when dropped.
pub(crate) struct Server {
    child: Child,
    pub(crate) port: u16,
}

impl Server {
    /// Our own binary, as a child.
    pub(crate) fn ours(setup: Setup) -> io::Result<Self> {
        let port = free_port()?;
        let mut command = Command::new(env::current_exe()?);
        command.args(["serve", setup.name(), &port.to_string()]);
        Self::start(command, port)
    }

    /// A proxy in front of the server at `upstream`, with its configuration from `benches/peers`.
    pub(crate) fn proxy(setup: Setup, upstream: u16, dir: &Path) -> io::Result<Self> {
        let port = free_port()?;
        let name = if setup == Setup::Nginx {
            "nginx.conf"
        } else {
            "haproxy.cfg"
        };
        let config = dir.join(name);
        let text = fs::read_to_string(here().join(name))?
            .replace("{dir}", &dir.to_string_lossy())
            .replace("{here}", &here().to_string_lossy())
            .replace("{upstream}", &upstream.to_string())
            .replace("{port}", &port.to_string());
        fs::write(&config, text)?;
        let mut command = if setup == Setup::Nginx {
            let mut command = Command::new("nginx");
            command
                .arg("-p")
                .arg("/usr/share/nginx")
                .arg("-c")
                .arg(&config);
            command
        } else {
            let mut command = Command::new("haproxy");
            command.arg("-q").arg("-db").arg("-f").arg(&config);
            command
        };
        command.stdout(Stdio::null());
        Self::start(command, port)
    }

    fn start(mut command: Command, port: u16) -> io::Result<Self> {
        let server = Self {
            child: command.spawn()?,
            port,
        };
        let started = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_err() {
            if started.elapsed() > START_LIMIT {
                let message = format!("{command:?} does not listen on its port");
                return Err(io::Error::new(io::ErrorKind::TimedOut, message));
            }
            sleep(Duration::from_millis(20));
        }
        Ok(server)
    }

    /// CPU time of the process and its children so far.
    pub(crate) fn cpu(&self) -> io::Result<Duration> {
        let own = self.child.id();
        let mut nanos = on_cpu(own)?;
        for entry in fs::read_dir("/proc")? {
            let Ok(id) = entry?.file_name().to_string_lossy().parse::<u32>() else {
                continue;
            };
            if parent(id) == Some(own) {
                nanos += on_cpu(id)?;
            }
        }
        Ok(Duration::from_nanos(nanos))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // nginx ends its workers on SIGTERM only.
        let id = self.child.id().to_string();
        let _ended_already = Command::new("kill").arg(id).status();
        let _ended_already = self.child.wait();
    }
}

/// The first field of `schedstat` of each thread: nanoseconds on a CPU.
fn on_cpu(process: u32) -> io::Result<u64> {
    let mut nanos = 0;
    for thread in fs::read_dir(format!("/proc/{process}/task"))? {
        let text = fs::read_to_string(thread?.path().join("schedstat"))?;
        nanos += text
            .split(' ')
            .next()
            .and_then(|field| field.parse().ok())
            .unwrap_or(0);
    }
    Ok(nanos)
}

/// The fourth field of `stat`, behind the name in parentheses.
fn parent(process: u32) -> Option<u32> {
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
}

fn free_port() -> io::Result<u16> {
    Ok(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?
        .local_addr()?
        .port())
}

pub(crate) fn here() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("benches/peers")
}
