//! The npm package `openid-client` and the Python package `Authlib`, each by a script that goes through the flow.
//!
//! The packages are installed from their lock files into the target directory when they are first needed.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use super::server::OauthServer;

const CLIENTS: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/processes/rfc8628/clients"
);

#[tokio::test(flavor = "multi_thread")]
async fn openid_client_of_npm_runs_to_the_end() {
    let packages = installed("npm", &["package.json", "package-lock.json"], |directory| {
        vec![command(
            "npm",
            &["ci", "--no-audit", "--no-fund"],
            directory,
        )]
    });
    let script = packages.join("openid_client.mjs");
    fs::copy(Path::new(CLIENTS).join("openid_client.mjs"), &script).unwrap();
    let server = OauthServer::start().await;
    let printed = output(Command::new("node").arg(script).arg(&server.base));
    assert_flow(&server, &printed, "NODE v6.9.0");
}

#[tokio::test(flavor = "multi_thread")]
async fn authlib_of_pypi_runs_to_the_end() {
    let packages = installed("pypi", &["requirements.txt"], |directory| {
        let pip = ["-m", "pip", "install", "-q", "-r", "requirements.txt"];
        vec![
            command("python3", &["-m", "venv", "venv"], directory),
            command("venv/bin/python", &pip, directory),
        ]
    });
    let python = packages.join("venv/bin/python");
    let script = Path::new(CLIENTS).join("authlib_client.py");
    let server = OauthServer::start().await;
    let printed = output(Command::new(python).arg(script).arg(&server.base));
    assert_flow(&server, &printed, "PYTHON 2.34.2");
}

/// One flow is approved, one denied, and an old code refused; the caller is known for what it is.
#[track_caller]
fn assert_flow(server: &OauthServer, printed: &str, caller: &str) {
    let lines: Vec<&str> = printed.lines().collect();
    let [approved, denied, used] = lines[..] else {
        panic!("{printed}");
    };
    assert!(approved.starts_with("approved cat_"), "{printed}");
    assert_eq!([denied, used], ["access_denied", "invalid_grant"]);
    let seen = server.seen();
    let expected = [
        "device_authorization STARTED target",
        "token PENDING legacy",
        "token SLOW_DOWN legacy",
        "token APPROVED target",
        "token DENIED legacy",
        "token INVALID_DEVICE_CODE legacy",
    ];
    for expected in expected {
        let expected = format!("{caller} {expected}");
        assert!(seen.contains(&expected), "{expected} in {seen:#?}");
    }
}

/// The directory in which the packages of these lock files are installed.
fn installed(name: &str, locks: &[&str], commands: impl FnOnce(&Path) -> Vec<Command>) -> PathBuf {
    let directory = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("rfc8628-{name}"));
    let marker = directory.join("installed");
    let wanted = locks
        .iter()
        .map(|lock| read(&Path::new(CLIENTS).join(lock)));
    let wanted: String = wanted.collect();
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return directory;
    }
    let _ = fs::remove_dir_all(&directory);
    fs::create_dir_all(&directory).unwrap();
    for lock in locks {
        fs::copy(Path::new(CLIENTS).join(lock), directory.join(lock)).unwrap();
    }
    for mut command in commands(&directory) {
        output(&mut command);
    }
    fs::write(marker, wanted).unwrap();
    directory
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

fn command(program: &str, args: &[&str], directory: &Path) -> Command {
    let program = if program.contains('/') {
        directory.join(program)
    } else {
        program.into()
    };
    let mut command = Command::new(program);
    command.args(args).current_dir(directory);
    command
}

/// What a command that succeeds prints.
#[track_caller]
fn output(command: &mut Command) -> String {
    let ran = command.output();
    let ran = ran.unwrap_or_else(|error| panic!("{command:?}: {error} (.ci/test installs it)"));
    let errors = String::from_utf8_lossy(&ran.stderr);
    assert!(ran.status.success(), "{command:?}: {errors}");
    String::from_utf8(ran.stdout).unwrap()
}
