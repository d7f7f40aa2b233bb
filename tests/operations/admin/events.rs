//! The stream of events.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use legacy_http_compat::{
    census::Dependence,
    rollout::{
        CommandContext, Rollout,
        journal::FileJournal,
        names::{Actor, FlagName, IncidentId, Reason},
        policy::Policy,
    },
};
use serde_json::{Value, json};

use super::{
    client::Client,
    service::{CI, MARA, TestService},
    stream::{Sent, Stream},
    temp_dir::TempDir,
};

async fn incident(client: &Client, name: &str) {
    client
        .post(
            "/api/incidents",
            &json!({"incident": name, "reason": "it burns"}),
        )
        .await
        .ok();
}

#[tokio::test]
async fn a_stream_sends_each_event_as_it_is_journaled() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    let mut stream = Stream::open(&service.viewer(), "/api/events").await;
    stream.totals(document).await;
    for name in ["INC-1", "INC-2"] {
        incident(&service.operator(), name).await;
        let record = stream.record(document).await;
        assert_eq!(record.id, Some(service.head()));
        assert_eq!(record.data["payload"]["incident_opened"]["incident"], name);
    }
}

#[tokio::test]
async fn a_stream_resumes_where_it_broke_off() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    for number in 0..70 {
        incident(&service.operator(), &format!("INC-{number}")).await;
    }
    let head = service.head();
    let mut all = Stream::open(&service.viewer(), "/api/events?after=0").await;
    for expected in 1..=head {
        assert_eq!(
            all.record(document).await.id,
            Some(expected),
            "without a gap"
        );
    }
    let resuming = service
        .viewer()
        .with("last-event-id", (head - 2).to_string());
    let mut resumed = Stream::open(&resuming, "/api/events?after=0").await;
    assert_eq!(
        resumed.record(document).await.id,
        Some(head - 1),
        "the browser's word goes first"
    );
    assert_eq!(resumed.record(document).await.id, Some(head));
    incident(&service.operator(), "INC-70").await;
    assert_eq!(resumed.record(document).await.id, Some(head + 1));
    assert_eq!(all.record(document).await.id, Some(head + 1));
}

#[tokio::test]
async fn the_position_to_begin_at_must_be_a_number() {
    let service = TestService::open().await;
    assert_eq!(
        service.viewer().get("/api/events?after=x").await.places(),
        ["after"]
    );
    let odd = service.viewer().with("last-event-id", "x");
    assert_eq!(odd.get("/api/events").await.places(), ["Last-Event-ID"]);
    Stream::open(&service.viewer().with("last-event-id", ""), "/api/events").await;
}

#[tokio::test]
async fn totals_come_every_few_seconds() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    service.see("AGENT", 1, Dependence::Stranded);
    service.poll().await;
    let mut stream = Stream::open(&service.viewer(), "/api/events").await;
    let totals = stream.totals(document).await;
    assert_eq!(totals.id, None);
    let first = agent(&totals);
    assert_eq!(
        (&first["dependent"], &first["stranded"]),
        (&json!(1), &json!(1))
    );
    let responses = totals.data["responses"].as_array().unwrap();
    let poll = responses
        .iter()
        .find(|of| of["endpoint"] == "device_poll" && of["outcome"] == "PENDING");
    assert_eq!(poll.unwrap()["legacy"], 1);
    assert_eq!(
        (&totals.data["phase"], &totals.data["flag"]),
        (&json!("compat"), &json!("on"))
    );
    service.see("AGENT", 2, Dependence::Served);
    // Those that were on their way before do not count it yet, and those of the same second are the same.
    let mut dependent = json!(1);
    while dependent == 1 {
        service.clock.advance(Duration::from_secs(2));
        let totals = stream.totals(document).await;
        dependent = agent(&totals)["dependent"].clone();
    }
    assert_eq!(dependent, 2);
}

/// What totals say of a kind.
fn agent(totals: &Sent) -> &Value {
    let mut kinds = totals.data["kinds"].as_array().unwrap().iter();
    kinds.find(|of| of["kind"] == "AGENT").unwrap()
}

#[tokio::test]
async fn a_stream_ends_when_its_session_does() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    let mut ended = Stream::open(&mara, "/api/events").await;
    let (other, _) = service.signed_in(MARA).await;
    let mut signed_out = Stream::open(&other, "/api/events").await;
    other.post_form("/sign-out", "").await;
    signed_out.end().await;
    ended.totals(service.stranger.document()).await;
    service.clock.advance(Duration::from_secs(8 * 3_600));
    ended.end().await;
}

#[tokio::test]
async fn the_streams_of_a_name_are_limited_and_others_have_theirs() {
    let service = TestService::open().await;
    let mut streams = Vec::new();
    for _ in 0..8 {
        streams.push(Stream::open(&service.viewer(), "/api/events").await);
    }
    let response = service.viewer().get("/api/events").await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "too-many-streams")
    );
    assert!(response.header("retry-after").is_some());
    Stream::open(&service.operator(), "/api/events").await;
    streams.pop();
    freed(&service.viewer()).await;
}

/// A stream in a place that becomes free: the server finds out that a reader has gone when it next writes to it.
async fn freed(client: &Client) -> Stream {
    for _ in 0..100 {
        let response = client.request("GET", "/api/events").send().await.unwrap();
        if response.status() == 200 {
            return Stream::of(response);
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the place was not given back");
}

#[tokio::test]
async fn places_are_kept_for_operators_when_viewers_have_all_of_theirs() {
    let service = TestService::open().await;
    let mut viewers = Vec::new();
    for screen in 0..6 {
        for _ in 0..8 {
            viewers.push(Stream::open(&service.screen(screen), "/api/events").await);
        }
    }
    let late = service.screen(6);
    let refused = late.get("/api/events").await;
    assert_eq!(
        (refused.status, refused.problem().as_str()),
        (503, "too-many-streams")
    );
    let mut operators = Vec::new();
    for operator in [service.operator(), service.stranger.bearing(CI)] {
        for _ in 0..8 {
            operators.push(Stream::open(&operator, "/api/events").await);
        }
    }
    // Places of operators that are free again are no viewer's.
    operators.clear();
    assert_eq!(late.get("/api/events").await.status, 503);
    viewers.pop();
    let document = service.stranger.document();
    let mut stream = freed(&late).await;
    stream.totals(document).await;
}

#[tokio::test]
async fn the_oldest_of_more_than_three_streams_of_a_session_is_to_poll() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    let mut oldest = Stream::open(&mara, "/api/events").await;
    let mut others = Vec::new();
    for _ in 0..3 {
        others.push(Stream::open(&mara, "/api/events").await);
    }
    let document = service.stranger.document();
    let mut last = None;
    while let Some(sent) = oldest.next().await {
        last = Some(sent.event);
    }
    assert_eq!(last.as_deref(), Some("poll"));
    for stream in &mut others {
        stream.totals(document).await;
    }
}

#[tokio::test]
async fn closing_ends_all_streams_so_that_the_server_can_stop() {
    let service = TestService::open().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(Stream::open(&service.viewer(), "/api/events").await);
    }
    service.admin.close();
    for stream in &mut streams {
        stream.end().await;
    }
    let response = service.viewer().get("/api/events").await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "closing")
    );
    service.viewer().get("/api/status").await.ok();
    let stopped = tokio::time::timeout(Duration::from_secs(10), service.stop());
    stopped.await.expect("no stream holds the server up");
}

#[test]
fn no_thread_is_left_waiting_when_the_runtime_ends() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let service = runtime.block_on(async {
        let service = TestService::open().await;
        let mut stream = Stream::open(&service.viewer(), "/api/events").await;
        stream.totals(service.stranger.document()).await;
        service
    });
    let before = std::time::Instant::now();
    drop(runtime);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    // Another runtime serves the same service: there is a task again.
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    runtime.block_on(async {
        use http_body_util::BodyExt as _;
        use tower::ServiceExt as _;
        let request =
            http::Request::get("/api/events").header("authorization", format!("Bearer {MARA}"));
        let request = request.body(axum::body::Body::empty()).unwrap();
        let response = service.admin.router().oneshot(request).await.unwrap();
        let mut body = response.into_body();
        loop {
            let frame = body.frame().await.unwrap().unwrap();
            if frame
                .data_ref()
                .is_some_and(|data| data.starts_with(b"event: totals"))
            {
                break;
            }
        }
    });
}

#[tokio::test]
async fn events_of_another_rollout_on_the_same_file_show_up() {
    let directory = TempDir::new();
    let file = Arc::new(FileJournal::open(directory.path().join("journal")).unwrap());
    let service = TestService::open_with(|setup| setup.journal = file.clone()).await;
    let document = service.stranger.document();
    let mut stream = Stream::open(&service.viewer(), "/api/events").await;
    stream.totals(document).await;
    let flag = FlagName::new("features.auth.device_flow.compat_legacy_http").unwrap();
    let other = Rollout::builder(flag, Policy::permissive())
        .open(file)
        .unwrap();
    let order = CommandContext::new(
        Actor::human("ops").unwrap(),
        Reason::new("elsewhere").unwrap(),
    );
    other
        .open_incident(IncidentId::new("INC-1").unwrap(), &order)
        .unwrap();
    loop {
        let record = stream.record(document).await;
        if record.data["reason"] == "elsewhere" {
            break;
        }
    }
    let part = service.viewer().get("/api/journal?limit=500").await.ok();
    assert_eq!(
        part["events"].as_array().unwrap().last().unwrap()["reason"],
        "elsewhere"
    );
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    service.operator().post("/api/checks", &check).await.ok();
    assert_eq!(
        service.viewer().get("/api/status").await.ok()["incidents"][0]["incident"],
        "INC-1"
    );
}

#[tokio::test]
async fn a_stream_outlives_a_journal_that_fails_for_a_while() {
    let service = TestService::open().await;
    let document = service.stranger.document();
    let mut stream = Stream::open(&service.viewer(), "/api/events").await;
    stream.totals(document).await;
    service
        .journal
        .refuses_reading
        .store(true, Ordering::Relaxed);
    service.tick();
    while stream.totals(document).await.data["journal_works"] == true {}
    service
        .journal
        .refuses_reading
        .store(false, Ordering::Relaxed);
    incident(&service.operator(), "INC-1").await;
    stream.record(document).await;
}
