//! The stream of events.

use std::{
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use legacy_http_compat::{
    census::Dependence,
    rollout::{Actor, CommandContext, FileJournal, FlagName, IncidentId, Policy, Reason, Rollout},
};
use serde_json::json;

use super::{
    client::Client,
    room::{MARA, Room},
    stream::Stream,
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
async fn a_stream_tells_each_record_as_it_comes() {
    let room = Room::open().await;
    let document = room.stranger.document();
    let mut stream = Stream::open(&room.viewer(), "/api/events").await;
    stream.totals(document).await;
    for name in ["INC-1", "INC-2"] {
        incident(&room.operator(), name).await;
        let record = stream.record(document).await;
        assert_eq!(record.id, Some(room.head()));
        assert_eq!(record.data["payload"]["incident_opened"]["incident"], name);
    }
}

#[tokio::test]
async fn a_stream_resumes_where_it_broke_off() {
    let room = Room::open().await;
    let document = room.stranger.document();
    for number in 0..70 {
        incident(&room.operator(), &format!("INC-{number}")).await;
    }
    let head = room.head();
    let mut all = Stream::open(&room.viewer(), "/api/events?after=0").await;
    for expected in 1..=head {
        assert_eq!(
            all.record(document).await.id,
            Some(expected),
            "without a gap"
        );
    }
    let resuming = room.viewer().with("last-event-id", (head - 2).to_string());
    let mut resumed = Stream::open(&resuming, "/api/events?after=0").await;
    assert_eq!(
        resumed.record(document).await.id,
        Some(head - 1),
        "the browser's word goes first"
    );
    assert_eq!(resumed.record(document).await.id, Some(head));
    incident(&room.operator(), "INC-70").await;
    assert_eq!(resumed.record(document).await.id, Some(head + 1));
    assert_eq!(all.record(document).await.id, Some(head + 1));
}

#[tokio::test]
async fn where_to_begin_has_to_be_a_number() {
    let room = Room::open().await;
    assert_eq!(
        room.viewer().get("/api/events?after=x").await.places(),
        ["after"]
    );
    let odd = room.viewer().with("last-event-id", "x");
    assert_eq!(odd.get("/api/events").await.places(), ["Last-Event-ID"]);
    Stream::open(&room.viewer().with("last-event-id", ""), "/api/events").await;
}

#[tokio::test]
async fn totals_come_every_few_seconds() {
    let room = Room::open().await;
    let document = room.stranger.document();
    room.see("AGENT", 1, Dependence::Stranded);
    room.poll().await;
    let mut stream = Stream::open(&room.viewer(), "/api/events").await;
    let totals = stream.totals(document).await;
    assert_eq!(totals.id, None);
    let agent = totals.data["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["kind"] == "AGENT")
        .unwrap();
    assert_eq!(
        (&agent["dependent"], &agent["stranded"]),
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
    room.see("AGENT", 2, Dependence::Served);
    let totals = stream.totals(document).await;
    let agent = totals.data["kinds"]
        .as_array()
        .unwrap()
        .iter()
        .find(|of| of["kind"] == "AGENT")
        .unwrap();
    assert_eq!(agent["dependent"], 2);
}

#[tokio::test]
async fn a_stream_ends_when_its_session_does() {
    let room = Room::open().await;
    let (mara, _) = room.signed_in(MARA).await;
    let mut ended = Stream::open(&mara, "/api/events").await;
    let (other, _) = room.signed_in(MARA).await;
    let mut signed_out = Stream::open(&other, "/api/events").await;
    other.post_form("/sign-out", "").await;
    signed_out.end().await;
    ended.totals(room.stranger.document()).await;
    room.clock.advance(Duration::from_secs(8 * 3_600));
    ended.end().await;
}

#[tokio::test]
async fn so_many_streams_and_no_more() {
    let room = Room::open().await;
    let mut streams = Vec::new();
    for _ in 0..64 {
        streams.push(Stream::open(&room.viewer(), "/api/events").await);
    }
    let response = room.viewer().get("/api/events").await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "too-many-streams")
    );
    assert!(response.header("retry-after").is_some());
    streams.pop();
    // The server finds out that one has gone when it next writes to it.
    for _ in 0..100 {
        let request = room
            .viewer()
            .request("GET", "/api/events")
            .send()
            .await
            .unwrap();
        if request.status() == 200 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the place was not given back");
}

#[tokio::test]
async fn closing_ends_all_streams_so_that_the_server_can_stop() {
    let room = Room::open().await;
    let mut streams = Vec::new();
    for _ in 0..3 {
        streams.push(Stream::open(&room.viewer(), "/api/events").await);
    }
    room.admin.close();
    for stream in &mut streams {
        stream.end().await;
    }
    let response = room.viewer().get("/api/events").await;
    assert_eq!(
        (response.status, response.problem().as_str()),
        (503, "closing")
    );
    room.viewer().get("/api/status").await.ok();
    let stopped = tokio::time::timeout(Duration::from_secs(10), room.stop());
    stopped.await.expect("nobody holds the server up");
}

#[test]
fn no_thread_is_left_waiting_when_the_runtime_ends() {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .unwrap();
    let room = runtime.block_on(async {
        let room = Room::open().await;
        let mut stream = Stream::open(&room.viewer(), "/api/events").await;
        stream.totals(room.stranger.document()).await;
        room
    });
    let before = std::time::Instant::now();
    drop(runtime);
    assert!(
        before.elapsed() < Duration::from_secs(5),
        "{:?}",
        before.elapsed()
    );
    // Another runtime serves the same room: there is a task again.
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
        let response = room.admin.router().oneshot(request).await.unwrap();
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
async fn what_another_rollout_writes_into_the_same_file_shows_up() {
    let directory = TempDir::new();
    let file = Arc::new(FileJournal::open(directory.path().join("journal")).unwrap());
    let room = Room::open_with(|setup| setup.journal = file.clone()).await;
    let document = room.stranger.document();
    let mut stream = Stream::open(&room.viewer(), "/api/events").await;
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
    let part = room.viewer().get("/api/journal?limit=500").await.ok();
    assert_eq!(
        part["events"].as_array().unwrap().last().unwrap()["reason"],
        "elsewhere"
    );
    let check = json!({"check": "openapi", "green": true, "reason": "run 7"});
    room.operator().post("/api/checks", &check).await.ok();
    assert_eq!(
        room.viewer().get("/api/status").await.ok()["incidents"][0]["incident"],
        "INC-1"
    );
}

#[tokio::test]
async fn a_stream_outlives_a_journal_that_fails_for_a_while() {
    let room = Room::open().await;
    let document = room.stranger.document();
    let mut stream = Stream::open(&room.viewer(), "/api/events").await;
    stream.totals(document).await;
    room.journal.refuses_reading.store(true, Ordering::Relaxed);
    room.tick();
    while stream.totals(document).await.data["journal_works"] == true {}
    room.journal.refuses_reading.store(false, Ordering::Relaxed);
    incident(&room.operator(), "INC-1").await;
    stream.record(document).await;
}
