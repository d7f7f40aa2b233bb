//! How a fleet of 300 old clients is upgraded one by one, while the Core restarts and is killed.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::time::{ManualClock, Timestamp};
use serde_json::Value;

use super::{
    processes::{self, await_snapshot, unix_ms},
    support::{
        fleet::Fleet,
        http_client::HttpClient,
        seen::{Seen, census, of_kind, seen},
        server::{CoreServer, Start},
        temp_dir::TempDir,
    },
};

const OLD: usize = 300;
/// They were status-driven from the start.
const NEW: usize = 40;
/// The last ten are seen once and never again.
const STAYING: usize = OLD - 10;

const HOUR: Duration = Duration::from_secs(3600);
/// How long before now the story begins.
const AGO: u64 = 60 * 3_600_000;

/// So many of the old fleet by state, and the new fleet beside them.
const fn with_new_fleet(dependent: u64, migrated: u64, inactive: u64) -> Seen {
    Seen {
        known: (OLD + NEW) as u64,
        never_dependent: NEW as u64,
        dependent,
        migrated,
        inactive,
        stranded: 0,
        regressed: 0,
        inconclusive: 0,
    }
}

#[tokio::test]
async fn a_fleet_goes_from_300_dependent_to_none_through_restarts_and_kills() {
    let data = TempDir::new();
    let clock = Arc::new(ManualClock::new(unix_ms() - AGO));
    let mut fleet = Fleet::new("old", OLD, false);

    let core = server(&data, &clock).await;
    all_arrive(&core, &fleet).await;
    upgrade_one_by_one(&core, &mut fleet).await;
    some_go_back_and_forth(&core, &mut fleet).await;
    core.pass(HOUR);
    core.stop().await.unwrap();

    clock.advance(HOUR);
    let core = server(&data, &clock).await;
    nothing_is_lost_in_a_restart(&core, &mut fleet).await;
    core.stop().await.unwrap();

    a_killed_process_keeps_its_snapshot(&data, &mut fleet).await;
    let killed = what_a_killed_process_did_not_save_is_lost(&data, &mut fleet).await;

    let core = server(&data, &Arc::new(ManualClock::new(unix_ms()))).await;
    the_lost_interval_is_no_coverage(&core.http, killed).await;
    all_but_the_gone_have_migrated(&core, &mut fleet).await;
}

async fn all_arrive(core: &CoreServer, fleet: &Fleet) {
    fleet.visit(&core.http, 0..OLD).await;
    Fleet::new("new", NEW, true).visit(&core.http, 0..NEW).await;
    assert_eq!(seen(&core.http).await, with_new_fleet(300, 0, 0));
    let report = &census(&core.http, "24h").await;
    for kind in ["UI_RUST", "AGENT", "MCP"] {
        assert_eq!(of_kind(report, kind).dependent, 100, "{kind}");
    }
}

async fn upgrade_one_by_one(core: &CoreServer, fleet: &mut Fleet) {
    for number in 0..90 {
        fleet.change(&core.http, number, true).await;
        let migrated = number as u64 + 1;
        let expected = with_new_fleet(300 - migrated, migrated, 0);
        assert_eq!(seen(&core.http).await, expected);
    }
}

/// A client that is rolled back depends again, and is distinguished from one that never migrated.
async fn some_go_back_and_forth(core: &CoreServer, fleet: &mut Fleet) {
    for number in 0..5 {
        fleet.change(&core.http, number, false).await;
    }
    let rolled_back = Seen {
        regressed: 5,
        ..with_new_fleet(215, 85, 0)
    };
    assert_eq!(seen(&core.http).await, rolled_back);
    fleet.upgrade(&core.http, 0..5).await;
    assert_eq!(seen(&core.http).await, rolled_back, "until they are silent");
}

async fn nothing_is_lost_in_a_restart(core: &CoreServer, fleet: &mut Fleet) {
    let census = census(&core.http, "24h").await;
    let rolled_back = |dependent, migrated| Seen {
        regressed: 5,
        ..with_new_fleet(dependent, migrated, 0)
    };
    assert_eq!(seen(&core.http).await, rolled_back(215, 85));
    let gaps = census["coverage"]["gaps"].as_array().unwrap();
    let down = gaps.last().unwrap();
    assert_eq!(down["cause"], "restart");
    let length = moment(&down["to"]) - moment(&down["from"]);
    assert_eq!(
        length, 3_600_000,
        "the hour without a server is no coverage"
    );
    fleet.upgrade(&core.http, 90..150).await;
    assert_eq!(seen(&core.http).await, rolled_back(155, 145));
}

/// Days later, by the machine's own clock.
async fn a_killed_process_keeps_its_snapshot(data: &TempDir, fleet: &mut Fleet) {
    let core = processes::start(data.path(), "1");
    assert_eq!(seen(&core.http()).await, with_new_fleet(0, 150, 150));
    fleet.visit(&core.http(), 150..STAYING).await;
    assert_eq!(seen(&core.http()).await, with_new_fleet(140, 150, 10));
    fleet.upgrade(&core.http(), 150..220).await;
    await_snapshot(data.path()).await;
    core.kill();
}

/// Returns when the process was killed.
async fn what_a_killed_process_did_not_save_is_lost(data: &TempDir, fleet: &mut Fleet) -> [u64; 2] {
    let core = processes::start(data.path(), "3600");
    assert_eq!(seen(&core.http()).await, with_new_fleet(70, 220, 10));
    let saved_before = unix_ms();
    fleet.upgrade(&core.http(), 220..240).await;
    assert_eq!(seen(&core.http()).await, with_new_fleet(50, 240, 10));
    core.kill();
    [saved_before, unix_ms()]
}

/// What was not saved errs towards dependence, and the time in which it happened does not count as watched.
async fn the_lost_interval_is_no_coverage(core: &HttpClient, [from, to]: [u64; 2]) {
    assert_eq!(seen(core).await, with_new_fleet(70, 220, 10));
    let report = &census(core, "24h").await;
    let gaps = report["coverage"]["gaps"].as_array().unwrap();
    let lost = gaps.last().unwrap();
    assert_eq!(lost["cause"], "restart");
    assert!(moment(&lost["from"]) <= from, "{lost}");
    assert!(moment(&lost["to"]) >= to, "{lost}");
    assert!(report["coverage"]["ratio"].as_f64().unwrap() < 0.01);
    assert_eq!(report["losses"].as_array().unwrap().len(), 0);
}

async fn all_but_the_gone_have_migrated(core: &CoreServer, fleet: &mut Fleet) {
    fleet.upgrade(&core.http, 220..STAYING).await;
    assert_eq!(seen(&core.http).await, with_new_fleet(0, 290, 10));
    core.pass(25 * HOUR);
    assert_eq!(seen(&core.http).await, with_new_fleet(0, 290, 10));

    let report = &census(&core.http, "24h").await;
    assert_eq!(report["coverage"]["ratio"], 1.0, "silence was watched");
    assert_eq!(report["all"]["responses"]["dependent"], 0);
    for (kind, inactive) in [("UI_RUST", 3), ("AGENT", 3), ("MCP", 4)] {
        let counts = of_kind(report, kind);
        assert_eq!(
            (counts.inactive, counts.migrated),
            (inactive, 100 - inactive)
        );
        let line =
            format!("client_kind=\"{kind}\",state=\"inactive\",window=\"24h\"}} {inactive}\n");
        let metrics = core.http.get("/metrics").await.text;
        assert!(metrics.contains(&line), "{line}: {metrics}");
    }
    let month = &census(&core.http, "30d").await["all"];
    assert_eq!(
        month["dependent"], 15,
        "a longer window has not forgotten the gone, nor those that went back and forth"
    );
}

async fn server(data: &TempDir, clock: &Arc<ManualClock>) -> CoreServer {
    let start = Start {
        clock: Arc::clone(clock),
        data: Some(data.path().to_owned()),
        ..Start::new(true)
    };
    CoreServer::start_from(start, |settings| settings.attempts_per_minute = 100_000).await
}

/// An RFC 3339 time in milliseconds since the Unix epoch.
fn moment(time: &Value) -> u64 {
    let time: Timestamp = time.as_str().unwrap().parse().unwrap();
    time.unix_ms()
}
