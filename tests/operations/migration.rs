//! A whole migration, wired by one builder: what its parts share, and what outlives the process.

use std::{convert::Infallible, fs, path::Path, sync::Arc};

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use legacy_http_compat::{
    Contract,
    caller::{FingerprintKey, IdentitySignal, SignalDetector},
    census::Window,
    migration::{Migration, MigrationBuilder, MigrationError},
    rollout::{
        CommandContext, Phase,
        event::Head,
        journal::OpenJournalErrorKind,
        names::{Actor, Reason},
        policy::Policy,
    },
    time::ManualClock,
    worker::Tick,
};
use tower::{Layer, ServiceExt, service_fn};

use crate::temp_dir::TempDir;

const FLAG: &str = "features.jobs.compat";
const POLL: &str = "/api/v1/auth/clients/device/poll";

fn detector(key: u8) -> SignalDetector {
    SignalDetector::builder(["AGENT"])
        .kind_header("x-kind")
        .identity(IdentitySignal::header("x-id"))
        .build(&FingerprintKey::new([key; 16]))
        .unwrap()
}

fn builder(key: u8) -> MigrationBuilder {
    Migration::builder(Contract::device_flow(), detector(key))
        .flag_name(FLAG)
        .policy(Policy::permissive())
        .clock(Arc::new(ManualClock::new(1_772_366_400_000)))
        .without_worker()
}

fn stored(key: u8, dir: &Path) -> MigrationBuilder {
    builder(key).data_dir(dir)
}

fn context() -> CommandContext {
    CommandContext::new(
        Actor::human("mara").unwrap(),
        Reason::new("a test").unwrap(),
    )
}

/// One poll of an old client through the layer, against a handler that says `PENDING`.
async fn poll(migration: &Migration) -> StatusCode {
    let pending = service_fn(|_: Request<()>| async {
        let body = Full::<Bytes>::from(r#"{"status":"PENDING"}"#);
        let response = Response::builder().header("content-type", "application/json");
        Ok::<_, Infallible>(response.body(body).unwrap())
    });
    let request = Request::post(POLL)
        .header("x-kind", "AGENT")
        .header("x-id", "laptop-17");
    let response = migration
        .layer()
        .layer(pending)
        .oneshot(request.body(()).unwrap())
        .await;
    let (head, body) = response.unwrap().into_parts();
    body.collect().await.unwrap();
    head.status
}

#[tokio::test]
async fn the_layer_follows_the_rollout_and_fills_census_and_metrics() {
    let migration = builder(1).open().unwrap();
    assert_eq!(poll(&migration).await, 401);
    migration.tick();
    let report = migration.census().report(Window::DAY);
    assert_eq!((report.all.known, report.all.dependent), (1, 1));
    assert_eq!(migration.metrics().snapshot().total_responses(), 1);
    migration
        .rollout()
        .transition(Phase::Cutover, &context())
        .unwrap();
    assert_eq!(poll(&migration).await, 200);
}

#[tokio::test]
async fn decisions_and_callers_outlive_the_process() {
    let dir = TempDir::new();
    let first = stored(1, dir.path()).open().unwrap();
    assert_eq!(poll(&first).await, 401);
    first
        .rollout()
        .transition(Phase::Cutover, &context())
        .unwrap();
    first.shutdown();
    assert!(dir.path().join(Migration::JOURNAL).exists());
    assert!(dir.path().join(Migration::SNAPSHOT).exists());

    let second = stored(1, dir.path()).open().unwrap();
    assert_eq!(second.rollout().status().state.phase, Phase::Cutover);
    assert_eq!(second.census().known(), 1);
    assert_eq!(poll(&second).await, 200);
}

#[test]
fn another_fingerprint_key_is_refused_until_the_loss_is_accepted() {
    let dir = TempDir::new();
    stored(1, dir.path()).open().unwrap().shutdown();
    let error = stored(2, dir.path()).open().unwrap_err();
    assert!(matches!(error, MigrationError::Census(_)), "{error}");
    assert!(
        error.to_string().contains("another fingerprint key"),
        "{error}"
    );
    let accepted = stored(2, dir.path()).accept_census_loss().open().unwrap();
    assert_eq!(accepted.census().report(Window::DAY).losses.len(), 1);
}

#[test]
fn a_missing_and_an_invalid_flag_name_are_named() {
    let unnamed = Migration::builder(Contract::device_flow(), detector(1)).open();
    let error = unnamed.unwrap_err().to_string();
    assert!(error.contains("flag_name"), "{error}");
    let error = builder(1).flag_name("a\nb").open().unwrap_err().to_string();
    assert!(error.starts_with(r#"flag name "a\nb": "#), "{error}");
}

#[test]
fn a_data_directory_that_does_not_exist_is_an_error_with_its_path() {
    let error = stored(1, Path::new("/nowhere/at/all")).open().unwrap_err();
    assert!(error.to_string().contains("/nowhere/at/all"), "{error}");
}

#[test]
fn two_processes_do_not_share_a_data_directory() {
    let dir = TempDir::new();
    let _first = stored(1, dir.path()).open().unwrap();
    let error = stored(1, dir.path()).open().unwrap_err();
    assert!(error.to_string().contains("in use"), "{error}");
}

/// Why the journal of a migration cannot be opened, and the head that its loss names.
fn lost(opened: Result<Migration, MigrationError>) -> (OpenJournalErrorKind, Option<Head>) {
    match opened {
        Err(MigrationError::Journal(error)) => (error.kind(), error.recorded()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn retired_stays_retired_when_files_are_lost() {
    type Damage = fn(&Path);
    let damages: [Damage; 3] = [
        |journal| fs::remove_file(journal).unwrap(),
        |journal| fs::write(journal, "").unwrap(),
        |journal| {
            let text = fs::read_to_string(journal).unwrap();
            let first = text.split_inclusive('\n').next().unwrap();
            fs::write(journal, first).unwrap();
        },
    ];
    for damage in damages {
        let dir = TempDir::new();
        let migration = stored(1, dir.path()).open().unwrap();
        for to in [Phase::Cutover, Phase::Retired] {
            migration.rollout().transition(to, &context()).unwrap();
        }
        let head = migration.rollout().status().head;
        migration.shutdown();
        let journal = dir.path().join(Migration::JOURNAL);
        damage(&journal);
        let before = fs::read(&journal).ok();

        let refused = lost(stored(1, dir.path()).open());
        assert_eq!(refused, (OpenJournalErrorKind::Lost, Some(head)));
        assert_eq!(fs::read(&journal).ok(), before, "nothing was changed");
        let opened = stored(1, dir.path()).accept_journal_loss(head).open();
        let migration = opened.unwrap();
        let view = migration.rollout().view();
        assert_eq!(view.phase, Phase::Retired);
        assert_eq!(view.losses[0].loss.recorded, Some(head));
        migration.shutdown();
        // From then on nothing is lacking.
        let again = stored(1, dir.path()).existing().open().unwrap();
        assert_eq!(again.rollout().view().phase, Phase::Retired);
    }
}

#[test]
fn a_volume_that_was_lost_is_not_taken_for_a_new_rollout() {
    let dir = TempDir::new();
    let refused = lost(stored(1, dir.path()).existing().open());
    assert_eq!(refused.0, OpenJournalErrorKind::Missing);
    let left = fs::read_dir(dir.path()).unwrap();
    let left: Vec<_> = left.map(|entry| entry.unwrap().file_name()).collect();
    assert!(
        left.iter()
            .all(|name| !name.to_string_lossy().starts_with("journal")),
        "{left:?}"
    );
    stored(1, dir.path()).open().unwrap().shutdown();
    stored(1, dir.path()).existing().open().unwrap();
}

#[tokio::test]
async fn how_often_the_way_back_is_rehearsed_is_set_on_the_builder() {
    for (one_in, expected) in [(None, 1), (Some(1), 3), (Some(0), 0)] {
        let builder = builder(7).opening_phase(Phase::Observe);
        let builder = match one_in {
            Some(one_in) => builder.rehearse_one_in(one_in),
            None => builder,
        };
        let migration = builder.open().unwrap();
        for _ in 0..3 {
            assert_eq!(poll(&migration).await, StatusCode::OK);
        }
        let rehearsed = migration.rollout().rehearsed().unwrap();
        assert_eq!(rehearsed[0].outcome, "PENDING");
        assert_eq!((rehearsed[0].ok, rehearsed[0].failures()), (expected, 0));
    }
}
