//! Any body of any command, from a form or of the API, and any query of any page get a response that is no fault of the server.

#![cfg_attr(fuzzing, no_main)]

use std::sync::{Arc, LazyLock};

use axum::{Router, body::Body};
use http::{Request, StatusCode, header};
use legacy_http_compat::{
    Contract, LiveContract,
    admin::{Admin, TokenDigest, Tokens},
    rollout::{Phase, Rollout, journal::MemoryJournal, names::FlagName, policy::Policy},
    time::ManualClock,
};
use tokio::runtime::Runtime;
use tower::ServiceExt as _;

const TOKEN: &str = "the-token-of-the-operator-of-this-test";

/// Commands of the API, forms of the pages, and what is shown by a query.
const COMMANDS: [&str; 14] = [
    "/api/transitions",
    "/api/rollbacks",
    "/api/rollbacks/extend",
    "/api/brownouts",
    "/api/brownouts/end",
    "/api/checks",
    "/api/incidents",
    "/api/incidents/close",
    "/api/instances/write-off",
    "/api/waivers",
    "/api/waivers/end",
    "/api/post-analyses",
    "/api/client-rollbacks",
    "/api/policy",
];
const FORMS: [&str; 15] = [
    "/sign-in",
    "/transition/cutover",
    "/transition/retired",
    "/rollback",
    "/brownouts",
    "/brownouts/end",
    "/instances/write-off",
    "/records/checks",
    "/records/incidents",
    "/records/incidents/close",
    "/records/client-rollbacks",
    "/records/rollbacks/extend",
    "/waive",
    "/waive/end",
    "/post-analysis/2",
];
const SHOWN: [&str; 10] = [
    "/callers",
    "/journal",
    "/waive",
    "/brownouts",
    "/instances",
    "/api/callers",
    "/api/timeseries",
    "/api/journal",
    "/api/report",
    "/api/transitions/cutover",
];
const PATHS: usize = COMMANDS.len() + FORMS.len() + SHOWN.len();

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime")
});

fn service() -> Router {
    let flag = FlagName::new("fuzzed").unwrap();
    let rollout = Rollout::builder(flag, Policy::permissive())
        .opening_phase(Phase::Compat)
        .contract(LiveContract::new(Contract::device_flow()))
        .clock(Arc::new(ManualClock::new(1_800_000_000_000)))
        .open(Arc::new(MemoryJournal::new()))
        .unwrap();
    let tokens = Tokens::builder()
        .operator("mara", TokenDigest::of(TOKEN))
        .build()
        .unwrap();
    Admin::builder(Arc::new(rollout), tokens).build().router()
}

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

/// Which path is requested, and the body or query.
pub(crate) type Input<'a> = (u8, &'a [u8]);

pub(crate) fn run((path, sent): Input<'_>) {
    let service = service();
    let path = usize::from(path) % PATHS;
    let status = RUNTIME.block_on(async {
        let bearer = format!("Bearer {TOKEN}");
        let request = if let Some(command) = COMMANDS.get(path) {
            let request = Request::post(*command).header(header::CONTENT_TYPE, "application/json");
            request
                .header(header::AUTHORIZATION, bearer)
                .body(Body::from(sent.to_vec()))
        } else if let Some(form) = FORMS.get(path - COMMANDS.len()) {
            let request = Request::post(*form)
                .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
            let session = session(&service).await;
            request
                .header(header::COOKIE, session)
                .body(Body::from(sent.to_vec()))
        } else {
            let shown = SHOWN[path - COMMANDS.len() - FORMS.len()];
            let query: String = sent
                .iter()
                .map(|byte| char::from(b'!' + byte % 94))
                .collect();
            let Ok(uri) = format!("{shown}?{query}").parse::<http::Uri>() else {
                return StatusCode::OK;
            };
            Request::get(uri)
                .header(header::AUTHORIZATION, bearer)
                .body(Body::empty())
        };
        service
            .oneshot(request.expect("a request"))
            .await
            .unwrap()
            .status()
    });
    assert!(!status.is_server_error(), "{status}");
}

/// The cookie of a session.
async fn session(service: &Router) -> String {
    let request = Request::post("/sign-in")
        .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
        .body(Body::from(format!("token={TOKEN}")))
        .expect("a request");
    let response = service.clone().oneshot(request).await.unwrap();
    let cookie = response.headers()[header::SET_COOKIE].to_str().unwrap();
    cookie.split(';').next().unwrap().to_owned()
}
