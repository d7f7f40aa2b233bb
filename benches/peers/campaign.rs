//! Starts all setups, checks that they respond alike, and loads them in turn.

use std::{
    env,
    error::Error,
    fs,
    path::{Path, PathBuf},
    time::Duration,
};

use serde_json::Value;

use crate::{
    load::Load,
    process::Server,
    report::{self, Sample},
    setup::Setup,
    support::POLL,
};

pub(crate) fn run() -> Result<(), Box<dyn Error>> {
    let dir = ScratchDir::new()?;
    let upstream = Server::ours(Setup::Bare)?;
    let mut servers = Vec::new();
    for setup in Setup::ALL {
        let server = if setup.is_proxy() {
            Server::proxy(setup, upstream.port, &dir.0)?
        } else {
            Server::ours(setup)?
        };
        servers.push((setup, server));
    }
    check_responses(&servers)?;
    let rounds = setting("PEERS_ROUNDS", 7)?;
    let duration = Duration::from_secs(setting("PEERS_SECONDS", 3)?);
    let mut samples = Vec::new();
    for round in 0..rounds {
        for (setup, server) in &servers {
            let upstream = setup.is_proxy().then_some(&upstream);
            samples.push(measure(round, *setup, server, upstream, duration)?);
        }
        eprintln!("round {} of {rounds}", round + 1);
    }
    print!("{}", report::table(&samples));
    Ok(())
}

fn measure(
    round: u64,
    setup: Setup,
    server: &Server,
    upstream: Option<&Server>,
    duration: Duration,
) -> Result<Sample, Box<dyn Error>> {
    let cpu = || -> std::io::Result<Duration> {
        let upstream = upstream.map(Server::cpu).transpose()?.unwrap_or_default();
        Ok(server.cpu()? + upstream)
    };
    let before = cpu()?;
    let load = Load::run(server.port, duration)?;
    let cpu = cpu()?.saturating_sub(before);
    let expected = if setup.rewrites() { load.requests } else { 0 };
    if load.rewritten != expected {
        let (rewritten, requests) = (load.rewritten, load.requests);
        return Err(format!("{}: {rewritten} of {requests} were rewritten", setup.name()).into());
    }
    Ok(Sample {
        round,
        setup,
        load,
        cpu,
    })
}

/// Every setup that rewrites gives an old client the same response, and leaves that of a new client alone.
fn check_responses(servers: &[(Setup, Server)]) -> Result<(), Box<dyn Error>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let by_hand = servers
        .iter()
        .find(|(setup, _)| *setup == Setup::ByHand)
        .expect("it is one");
    let bare = &servers[0];
    for server in servers {
        for new_client in [false, true] {
            let like = if server.0.rewrites() && !new_client {
                by_hand
            } else {
                bare
            };
            let (response, expected) = runtime.block_on(async {
                Ok::<_, reqwest::Error>((
                    poll(server, new_client).await?,
                    poll(like, new_client).await?,
                ))
            })?;
            if response != expected {
                let name = server.0.name();
                return Err(format!("{name}: {response:?} instead of {expected:?}").into());
            }
        }
    }
    Ok(())
}

/// Status, media type, challenge and body.
type Response = (u16, Option<String>, Option<String>, Value);

async fn poll((_, server): &(Setup, Server), new_client: bool) -> reqwest::Result<Response> {
    let mut request = reqwest::Client::new()
        .post(format!("http://127.0.0.1:{}{POLL}", server.port))
        .header("x-correlation-id", "8c0bd1b5-7a33-4ff0-a6c5-7d1d2d3bb1f0")
        .json(&serde_json::json!({"device_code": "a"}));
    if new_client {
        request = request.header("x-status-driven", "1");
    }
    let response = request.send().await?;
    let header = |name| Some(response.headers().get(name)?.to_str().ok()?.to_owned());
    let (kind, challenge) = (header("content-type"), header("www-authenticate"));
    Ok((
        response.status().as_u16(),
        kind,
        challenge,
        response.json().await?,
    ))
}

fn setting(name: &str, default: u64) -> Result<u64, Box<dyn Error>> {
    env::var(name).map_or(Ok(default), |text| Ok(text.parse()?))
}

/// A directory for the proxies' files; removed when dropped.
struct ScratchDir(PathBuf);

impl ScratchDir {
    fn new() -> std::io::Result<Self> {
        let dir = env::temp_dir().join(format!("legacy-http-compat-peers-{}", std::process::id()));
        fs::create_dir_all(&dir)?;
        Ok(Self(dir))
    }
}

impl Drop for ScratchDir {
    fn drop(&mut self) {
        let _left_behind = fs::remove_dir_all::<&Path>(&self.0);
    }
}
