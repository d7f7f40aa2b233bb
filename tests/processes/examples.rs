//! The short examples, each as its own process.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
};

use legacy_http_compat::{CompatFlag, flag::PolledFlag, worker::Tick};
use open_feature::OpenFeature;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use self::{file_provider::FileProvider, openfeature_flag::OpenFeatureFlag};
use crate::support::{process::example, temp_dir::TempDir};

#[path = "../../examples/openfeature/file_provider.rs"]
mod file_provider;
#[path = "../../examples/openfeature/openfeature_flag.rs"]
mod openfeature_flag;

/// A running example, killed when dropped.
struct Example {
    child: Child,
    stdout: BufReader<ChildStdout>,
    url: String,
    client: Client,
}

impl Example {
    /// On a free port, after these arguments.
    fn start(name: &str, args: &[&str]) -> Self {
        let mut child = Command::new(example(name))
            .args(args)
            .arg("127.0.0.1:0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let url = line.trim_end().strip_prefix("listening on ");
        Self {
            url: url.expect(&line).to_owned(),
            client: Client::builder().no_proxy().build().unwrap(),
            child,
            stdout,
        }
    }

    async fn poll(&self) -> Response {
        self.poll_with("accept", "*/*").await
    }

    async fn poll_with(&self, name: &str, value: &str) -> Response {
        let path = "/api/v1/auth/clients/device/poll";
        let request = self.client.post(format!("{}{path}", self.url));
        request.header(name, value).send().await.unwrap()
    }

    /// Whether old clients get legacy responses.
    async fn is_on(&self) -> bool {
        self.poll().await.status() == 401
    }

    /// Stops it as Ctrl-C would, and returns the rest of its output.
    fn interrupt(mut self) -> String {
        let kill = format!("kill -INT {}", self.child.id());
        let killed = Command::new("sh").args(["-c", &kill]).status();
        assert!(killed.unwrap().success());
        let mut output = String::new();
        self.stdout.read_to_string(&mut output).unwrap();
        assert!(self.child.wait().unwrap().success());
        output
    }
}

impl Drop for Example {
    fn drop(&mut self) {
        // Fails where it has ended, which is as well.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

async fn assert_legacy(response: Response) {
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()["content-type"], "application/json");
    let body: Value = response.json().await.unwrap();
    assert_eq!(body["code"], "AUTHORIZATION_PENDING");
}

#[tokio::test]
async fn minimal_serves_an_old_client() {
    assert_legacy(Example::start("minimal", &[]).poll().await).await;
}

#[tokio::test]
async fn plain_hyper_serves_old_clients_until_its_flag_is_off() {
    let example = Example::start("plain_hyper", &[]);
    assert_legacy(example.poll().await).await;
    let off = example.client.put(format!("{}/compat/off", example.url));
    assert_eq!(off.send().await.unwrap().status(), 200);
    let target = example.poll().await;
    assert_eq!(target.status(), 200);
    let body: Value = target.json().await.unwrap();
    assert_eq!(body, json!({"status": "PENDING", "interval": 5}));
}

#[tokio::test]
async fn around_router_leaves_alone_what_is_not_in_the_contract() {
    let example = Example::start("around_router", &[]);
    assert_legacy(example.poll().await).await;
    let health = example.client.get(format!("{}/healthz", example.url));
    let health = health.send().await.unwrap();
    assert_eq!(health.status(), 200);
    assert_eq!(health.text().await.unwrap(), "well");
}

#[tokio::test]
async fn with_compression_and_trace_compresses_a_rewritten_response_and_its_span_says_so() {
    let mut example = Example::start("with_compression_and_trace", &[]);
    assert_legacy(example.poll().await).await;
    let mut line = String::new();
    example.stdout.read_line(&mut line).unwrap();
    for field in [
        "http.request.method=POST",
        "url.path=\"/api/v1/auth/clients/device/poll\"",
        "http.response.status_code=401",
        "legacy_http_compat=\"rewritten\"",
    ] {
        assert!(line.contains(field), "{field} is not in {line}");
    }
    let encoded = example.poll_with("accept-encoding", "gzip").await;
    assert_eq!(encoded.status(), 401);
    assert_eq!(encoded.headers()["content-encoding"], "gzip");
}

#[tokio::test]
async fn opentelemetry_exports_for_the_last_time_when_it_ends() {
    let example = Example::start("opentelemetry", &[]);
    assert_legacy(example.poll().await).await;
    let output = example.interrupt();
    for name in ["legacy_http_compat_responses", "legacy_http_compat_flag_on"] {
        assert!(output.contains(name), "{name} is not in {output}");
    }
}

const FLAG: &str = "features.auth.device_flow.compat_legacy_http";

#[tokio::test]
async fn openfeature_follows_its_provider() {
    let dir = TempDir::new();
    let file = dir.path().join("flags.json");
    let set = |on: bool| fs::write(&file, json!({FLAG: on}).to_string()).unwrap();
    set(true);
    let example = Example::start("openfeature", &[file.to_str().unwrap()]);
    assert_legacy(example.poll().await).await;
    set(false);
    while example.is_on().await {}
    set(true);
    while !example.is_on().await {}
}

#[test]
fn openfeature_leaves_the_flag_when_its_provider_is_down_or_has_no_such_flag() {
    let dir = TempDir::new();
    let file = dir.path().join("flags.json");
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let client = runtime.block_on(async {
        let mut openfeature = OpenFeature::singleton_mut().await;
        openfeature.set_provider(FileProvider::new(&file)).await;
        openfeature.create_client()
    });
    let flag = CompatFlag::on(FLAG);
    let source = OpenFeatureFlag {
        key: FLAG,
        client,
        runtime: runtime.handle().clone(),
    };
    let polled = PolledFlag::new(flag.clone(), source);
    for on in [false, true] {
        fs::write(&file, json!({FLAG: on}).to_string()).unwrap();
        polled.tick();
        assert_eq!(flag.is_on(), on);
        fs::remove_file(&file).unwrap();
        polled.tick();
        assert_eq!(flag.is_on(), on, "the provider is down");
        let others = [json!({"other": !on}), json!({FLAG: "on"}), json!({})];
        for flags in others.map(|flags| flags.to_string()) {
            fs::write(&file, &flags).unwrap();
            polled.tick();
            assert_eq!(flag.is_on(), on, "{flags}");
        }
    }
}
