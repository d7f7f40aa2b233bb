//! The commands `store` and `instances`.

use std::{fs, process::Command, sync::Arc};

use legacy_http_compat::{
    FlagState,
    caller::{Caller, Detect as _, Fingerprint, FingerprintKey, Generation, SignalDetector},
    census::{CallerEvent, Census, Dependence, View as _, fleet::FleetCensus},
    cli,
    rollout::{
        Phase, Rollout,
        event::Head,
        fleet::{InstanceReport, Instances},
        journal::{FileJournal, Journal},
        names::InstanceId,
        policy::Policy,
    },
    time::Timestamp,
    worker::Tick as _,
};
use serde_json::Value;

use crate::{
    cluster::Cluster,
    database::{Database, LONG, flag},
    events::{changed, draft, opened},
    temp_dir::TempDir,
};

/// What a command wrote.
struct Ran {
    out: String,
    err: String,
}

impl Database {
    /// Runs a command on this store.
    fn run(&self, command: &str) -> Ran {
        let url = self.url();
        let command = command.split_whitespace();
        let words = ["legacy-http-compat"].into_iter().chain(command);
        ran(&words.chain(["--store", &url]).collect::<Vec<_>>())
    }
}

/// Runs a command on a file.
fn run_on_file(command: &str, path: &str) -> Ran {
    ran(&["legacy-http-compat", command, path])
}

fn ran(words: &[&str]) -> Ran {
    let (mut out, mut err) = (Vec::new(), Vec::new());
    cli::run(words, &mut out, &mut err);
    Ran {
        out: String::from_utf8(out).unwrap(),
        err: String::from_utf8(err).unwrap(),
    }
}

/// A flag that was cut over, in a store.
fn cut_over(database: &Database) {
    let journal = database
        .store()
        .journal(&flag("features.jobs.compat"))
        .unwrap();
    for payload in [
        opened(Phase::Compat),
        changed(Phase::Compat, Phase::Cutover),
    ] {
        journal
            .append(journal.head().unwrap(), draft(payload))
            .unwrap();
    }
}

#[test]
fn a_store_is_migrated_and_checked() {
    let database = Cluster::shared().empty_database();
    let refused = database.run("store check");
    assert!(refused.err.contains("store migrate"), "{}", refused.err);
    let role = format!("service_{}", database.name);
    database.execute(&format!("create role {role} login"));
    let first = database.run(&format!("store migrate --grant {role}"));
    assert!(
        first.out.contains("applied now: 4"),
        "{}{}",
        first.out,
        first.err
    );
    assert!(database.run("store migrate").out.contains("applied now: 0"));
    assert_eq!(
        database.run("store check").out,
        "the store has no journal\n"
    );
    cut_over(&database);
    let checked = database.run("store check").out;
    assert!(
        checked.starts_with("features.jobs.compat: intact, 2 events, head 2:"),
        "{checked}"
    );
    database
        .try_execute(&role, "select from legacy_http_compat.journal")
        .unwrap();

    database.execute("update legacy_http_compat.journal set line = convert_to(replace(convert_from(line, 'UTF8'), 'mara', 'fara'), 'UTF8') where seq = 1");
    let broken = database.run("store check");
    assert_eq!(broken.out, "");
    assert!(broken.err.contains("line 1 was changed"), "{}", broken.err);
}

#[test]
fn an_export_is_a_journal_file_and_an_import_brings_it_back() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let database = Cluster::shared().database();
    cut_over(&database);
    fs::write(&path, database.run("store export").out).unwrap();
    let name = path.to_str().unwrap();
    let status = run_on_file("status", name);
    assert!(
        status.out.contains("is in cutover"),
        "{}{}",
        status.out,
        status.err
    );

    let other = Cluster::shared().database();
    let imported = other.run(&format!("store import {name}"));
    assert!(
        imported.out.contains("2 events"),
        "{}{}",
        imported.out,
        imported.err
    );
    assert_eq!(
        other.run("store export").out,
        fs::read_to_string(&path).unwrap()
    );
    let again = other.run(&format!("store import {name}"));
    assert!(again.err.contains("has a journal already"), "{}", again.err);

    let torn = directory.path().join("torn");
    let whole = fs::read(&path).unwrap();
    fs::write(&torn, &whole[..whole.len() - 5]).unwrap();
    let refused = Cluster::shared()
        .database()
        .run(&format!("store import {}", torn.display()));
    assert!(refused.err.contains("line 2 is torn"), "{}", refused.err);
}

#[test]
fn a_file_journal_moves_into_a_store() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let name = flag("features.jobs.compat");
    let builder = || Rollout::builder(name.clone(), Policy::default()).opening_phase(Phase::Compat);
    let file = FileJournal::open(&path).unwrap();
    let head = file.head().unwrap();
    let rollout = builder().open(std::sync::Arc::new(file)).unwrap();
    assert_ne!(rollout.status().head, head);
    let head = rollout.status().head;
    drop(rollout);
    let database = Cluster::shared().database();
    database.run(&format!("store import {}", path.display()));
    let journal = database.store().journal(&name).unwrap();
    assert_eq!(journal.head().unwrap(), head);
    let rollout = builder().open(std::sync::Arc::new(journal)).unwrap();
    assert_eq!(rollout.status().state.phase, Phase::Compat);
}

#[test]
fn the_instances_are_listed_with_what_they_have_applied() {
    let database = Cluster::shared().database();
    let none = database.run("instances");
    assert!(none.err.contains("no journal"), "{}", none.err);
    cut_over(&database);
    let store = database.store();
    let name = flag("features.jobs.compat");
    let head = store.journal(&name).unwrap().head().unwrap();
    let instances = store.instances(&name);
    for (instance, applied) in [("core-1", head), ("core-2", Head::NONE)] {
        let instance = InstanceId::new(instance).unwrap();
        let mut report = InstanceReport::new(instance, Timestamp::MIN, FlagState::Off);
        report.applied = applied;
        instances.register(&report, LONG).unwrap();
    }
    let text = database.run("instances").out;
    assert!(
        text.contains("applied by 1 of 2; waiting for core-2"),
        "{text}"
    );
    assert!(text.contains("core-1: live, flag off, event 2"), "{text}");
    let json: Value = serde_json::from_str(&database.run("instances --json").out).unwrap();
    assert_eq!(
        json["propagation"]["waiting"],
        serde_json::json!(["core-2"])
    );
    assert_eq!(json["instances"].as_array().unwrap().len(), 2);

    assert!(
        database
            .run("store rekey")
            .out
            .contains("no instance has a fingerprint key yet")
    );
}

/// An instance that counted a stranded caller, and does not leave.
fn stranding(database: &Database, instance: &str) -> (Arc<Census>, FleetCensus) {
    let detector = SignalDetector::builder(["AGENT"])
        .kind_header("x-client-kind")
        .build(&FingerprintKey::new([7; 16]))
        .unwrap();
    let local = Arc::new(Census::new(&detector));
    let store = database.store().census(&flag("features.jobs.compat"));
    let fleet = FleetCensus::new(Arc::clone(&local), Arc::new(store), instance).patience(LONG);
    fleet.join().unwrap();
    let agent = detector.kinds().find("AGENT").unwrap();
    local.record(&CallerEvent {
        caller: Caller::new(agent, Generation::Legacy).with_fingerprint(Fingerprint::from_u128(1)),
        endpoint: local.endpoint("poll"),
        dependence: Dependence::Stranded,
        failed: false,
    });
    fleet.tick();
    (local, fleet)
}

#[test]
fn state_and_history_are_those_of_the_store_with_the_callers_of_all_instances() {
    let database = Cluster::shared().database();
    cut_over(&database);
    let alone = database.run("status").out;
    assert!(alone.contains("is in cutover"), "{alone}");
    assert!(alone.contains("unknown without a census"), "{alone}");

    let _counting = stranding(&database, "core-1");
    for command in ["status", "report"] {
        let text = database.run(command);
        let stranded = "1 of 1 dependent (1 AGENT) since the flag changed";
        let shown = text.out.replace('\\', "");
        assert!(shown.contains(stranded), "{}{}", text.out, text.err);
    }
    let json: Value = serde_json::from_str(&database.run("status --json").out).unwrap();
    assert_eq!(json["phase"], "cutover");
    assert_eq!(json["stranded"]["callers"], 1, "{json}");
    let other = database.run("status --flag features.other");
    assert!(other.err.contains("never opened"), "{}", other.err);
}

#[test]
fn an_instance_is_written_off_and_that_is_journaled() {
    let database = Cluster::shared().database();
    cut_over(&database);
    let _lost = stranding(&database, "core-1");
    let (_, other) = stranding(&database, "core-2");
    let live = || {
        other.refresh(1, LONG).unwrap();
        other.exchange().unwrap().live
    };
    assert_eq!(live(), ["core-1", "core-2"]);

    let command = "instances write-off core-1 --actor mara --reason gone";
    let ran = database.run(command);
    assert_eq!(
        ran.out, "core-1: written off (event 3); its silence is no gap from now on\n",
        "{}",
        ran.err
    );
    assert_eq!(live(), ["core-2"]);
    let lines = String::from_utf8(database.lines_of("features.jobs.compat")).unwrap();
    let last: Value = serde_json::from_str(lines.lines().last().unwrap()).unwrap();
    let text = last.to_string();
    for part in ["instance_written_off", "core-1", "mara", "gone"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    let report = database.run("report").out;
    assert!(
        report.contains("lost instance core-1 written off"),
        "{report}"
    );
    assert!(database.run("store check").out.contains("intact, 3 events"));

    let again = database.run(command).out;
    assert!(again.contains("has no run of it that goes on"), "{again}");
}

#[test]
fn the_connection_is_encrypted_if_its_certificate_is_trusted() {
    let directory = TempDir::new();
    let certificate = directory.path().join("server.crt");
    let file = certificate.to_str().unwrap();
    let cluster = Cluster::start(&[], &[("TLS_CERTIFICATE", file)]);
    let database = cluster.database();
    let url = database.url().replace("127.0.0.1", "localhost") + "?sslmode=require";
    let check = |certificates: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_legacy-http-compat"));
        let command = command.args(["store", "check"]);
        // Not an argument: those show in the list of processes.
        let command = command.env("LEGACY_HTTP_COMPAT_STORE", &url);
        command.env("SSL_CERT_FILE", certificates).output().unwrap()
    };
    let trusted = check(file);
    let (out, err) = (trusted.stdout, String::from_utf8(trusted.stderr).unwrap());
    assert_eq!(out, b"the store has no journal\n", "{err}");
    let refused = check("/etc/ssl/certs/ca-certificates.crt");
    assert_eq!(refused.status.code(), Some(2));
    let err = String::from_utf8(refused.stderr).unwrap();
    assert!(err.contains("certificate"), "{err}");
}
