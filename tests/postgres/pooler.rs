//! Behind pgbouncer in transaction mode, where a listener is deaf.

use std::{
    fs,
    net::{TcpListener, TcpStream},
    os::unix::fs::PermissionsExt as _,
    process::{Child, Command, Stdio},
};

use legacy_http_compat::rollout::{
    fleet::{InstanceReport, Instances, LEASE, Lease},
    journal::{Journal, JournalSync},
    names::InstanceId,
};
use legacy_http_compat::{FlagState, time::Timestamp};

use crate::{
    cluster::Cluster,
    database::{Database, LONG, eventually, fill, flag, reaches},
    temp_dir::TempDir,
};

/// A pooler with fewer connections to the server than its clients have to it.
pub(crate) struct Pooler {
    pub(crate) port: u16,
    child: Child,
    _directory: TempDir,
}

impl Pooler {
    pub(crate) fn before(database: &Database) -> Self {
        let directory = TempDir::new();
        let free = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = free.local_addr().unwrap().port();
        drop(free);
        let (server, name) = (database.port, &database.name);
        let settings = directory.path().join("pgbouncer.ini");
        let text = format!(
            "[databases]\n{name} = host=127.0.0.1 port={server}\n[pgbouncer]\nlisten_addr = 127.0.0.1\n\
            listen_port = {port}\nauth_type = any\npool_mode = transaction\ndefault_pool_size = 2\nunix_socket_dir =\n\
            ignore_startup_parameters = extra_float_digits\n[users]\n"
        );
        let text = text.replace(
            &format!("port={server}\n"),
            &format!("port={server} user=postgres\n"),
        );
        fs::write(&settings, text).unwrap();
        for path in [directory.path(), &settings] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
        }
        let child = Command::new("sh")
            .args(["-c", AS_NO_ROOT, "pgbouncer"])
            .arg(&settings)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("pgbouncer is installed");
        eventually("the pooler listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            port,
            child,
            _directory: directory,
        }
    }
}

/// It refuses to run as root.
const AS_NO_ROOT: &str = "PATH=$PATH:/usr/sbin; if [ \"$(id -u)\" = 0 ]; then \
    exec setpriv --reuid nobody --regid nogroup --clear-groups pgbouncer \"$1\"; else exec pgbouncer \"$1\"; fi";

impl Drop for Pooler {
    fn drop(&mut self) {
        self.child.kill().expect("the child is ours");
        self.child.wait().expect("the child is ours");
    }
}

#[test]
fn everything_works_and_the_deaf_listener_is_found_out() {
    let database = Cluster::shared().database();
    let pooler = Pooler::before(&database);
    let through = database.at(pooler.port);
    // More connections than the pooler has.
    let stores = [through.store(), through.store(), through.store()];
    let journals = stores
        .each_ref()
        .map(|store| store.journal(&flag("flag")).unwrap());
    for journal in &journals {
        let head = fill(journal, 5);
        for other in &journals {
            reaches(other, head);
            assert_eq!(other.sync_state(), JournalSync::Current);
        }
    }
    let instances = stores[0].instances(&flag("flag"));
    let name = InstanceId::new("core-1").unwrap();
    let report = InstanceReport::new(name.clone(), Timestamp::MIN, FlagState::On);
    assert_eq!(instances.register(&report, LONG).unwrap().len(), 1);
    assert_eq!(instances.lease(LEASE, &name, LONG).unwrap(), Lease::Held);
    // Its announcement to itself comes from another connection of the pool, or not at all.
    for store in &stores {
        assert!(!store.health().hears);
    }
    database.builder().migrate_now().unwrap();
    through.builder().migrate_now().unwrap();
}
