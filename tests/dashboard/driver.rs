//! `ChromeDriver` as a child process, which ends with the test.

use std::{
    env,
    io::{BufRead, BufReader, Read, Write},
    net::TcpStream,
    process::{Child, Command, Stdio},
    time::Duration,
};

const MISSING: &str = "the dashboard is tested in Chromium: install it and its driver \
                       (Debian: apt-get install chromium chromium-driver), or name them by CHROMIUM and CHROMEDRIVER";

/// A running `ChromeDriver`.
pub(crate) struct Driver {
    child: Child,
    port: u16,
}

impl Driver {
    /// Starts the one on `PATH`, or that which `CHROMEDRIVER` names, on a free port.
    pub(crate) fn start() -> Self {
        let program = env::var("CHROMEDRIVER").unwrap_or_else(|_| "chromedriver".to_owned());
        let mut child = Command::new(program)
            .args(["--port=0", "--allowed-ips="])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{MISSING}: {error}"));
        let output = child.stdout.take().expect("it is piped");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let port = lines.find_map(|line| port(&line));
        let port = port.expect("ChromeDriver says on which port it listens");
        // Its later output is not read, and it must not wait for a reader.
        std::thread::spawn(move || lines.for_each(drop));
        Self { child, port }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Closes the browser of a session. A driver that is killed would leave it behind.
    pub(crate) fn end(&self, session: &str) {
        let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)) else {
            return;
        };
        let request = format!(
            "DELETE /session/{session} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n"
        );
        let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
        let _ = stream.write_all(request.as_bytes());
        let _ = stream.read(&mut [0; 512]);
    }

    /// The browser that it is to start.
    pub(crate) fn chromium() -> String {
        let named = env::var("CHROMIUM").ok();
        let path = env::var_os("PATH").unwrap_or_default();
        let found = || {
            let mut places = env::split_paths(&path).map(|place| place.join("chromium"));
            places.find(|place| place.is_file())
        };
        let found = named.or_else(|| found().map(|place| place.display().to_string()));
        found.unwrap_or_else(|| panic!("{MISSING}"))
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// `ChromeDriver was started successfully on port 40123.`
fn port(line: &str) -> Option<u16> {
    let (_, port) = line.split_once("successfully on port ")?;
    port.trim_end_matches('.').parse().ok()
}
