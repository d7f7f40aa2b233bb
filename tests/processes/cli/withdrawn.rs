//! `check-removed`, on a small consumer before and after the removal.

use std::{fs, path::Path};

use serde_json::{Value, json};

use super::{
    run::{Ran, run},
    temp_dir::TempDir,
};

const FLAG: &str = "features.jobs.compat";

/// A source tree.
pub(crate) struct Consumer(TempDir);

impl Consumer {
    pub(crate) fn of(files: &[(&str, &str)]) -> Self {
        let consumer = Self(TempDir::new());
        for (path, text) in files {
            consumer.put(path, text.as_bytes());
        }
        consumer
    }

    pub(crate) fn path(&self) -> &Path {
        self.0.path()
    }

    pub(crate) fn put(&self, path: &str, bytes: &[u8]) {
        let path = self.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub(crate) fn withdrawn(&self, more: &[&str]) -> Ran {
        let path = self.path().to_str().unwrap();
        run(["check-removed", "--flag", FLAG, path].iter().chain(more))
    }

    /// What is left: path, line and for what.
    pub(crate) fn left(&self) -> Vec<(String, u64, String)> {
        let ran = self.withdrawn(&["--json"]);
        let findings = ran.json()["findings"].take();
        let findings = findings.as_array().unwrap().iter();
        findings.map(|found| self.place(found)).collect()
    }

    fn place(&self, found: &Value) -> (String, u64, String) {
        let path = Path::new(found["path"].as_str().unwrap());
        let path = path
            .strip_prefix(self.path())
            .unwrap()
            .display()
            .to_string();
        let what = found["what"].as_str().unwrap().to_owned();
        (path, found["line"].as_u64().unwrap(), what)
    }
}

/// A service as it stands while its compatibility is in use.
fn before() -> Consumer {
    Consumer::of(&[
        (
            "Cargo.toml",
            "[package]\nname = \"jobs\"\n\n[dependencies]\naxum = \"0.8\"\ncompat = { version = \"0.1\", package = \"legacy-http-compat\" }\n",
        ),
        (
            "Cargo.lock",
            "[[package]]\nname = \"legacy-http-compat\"\nversion = \"0.1.0\"\n",
        ),
        (
            "src/main.rs",
            "use compat::LegacyHttpCompatLayer;\n\nfn main() {\n    let flag = compat::CompatFlag::new(\"features.jobs.compat\", true);\n}\n",
        ),
        ("src/other.rs", "use legacy_http_compat::Contract;\n"),
        (
            "config/app.yaml",
            "port: 80\nfeatures:\n  jobs:\n    compat: true\n",
        ),
        ("deploy/env", "APP_FEATURES_JOBS_COMPAT=true\n"),
        (
            "docs/jobs.md",
            "# Jobs\n\nSwitch `features.jobs.compat` off.\n",
        ),
        ("alerts.yml", "expr: legacy_http_compat_overdue > 0\n"),
        (".git/config", "features.jobs.compat\n"),
        ("target/debug/jobs.d", "legacy_http_compat\n"),
    ])
}

#[test]
fn a_consumer_that_still_uses_the_crate_is_listed_by_file_and_line() {
    let consumer = before();
    let ran = consumer.withdrawn(&[]);
    ran.ends(1).complains("not removed: 9 lines are left");
    ran.says("docs/jobs.md:3: flag: Switch `features.jobs.compat` off.\n");
    let left = consumer.left();
    let left: Vec<(&str, u64, &str)> = left
        .iter()
        .map(|(path, line, what)| (&**path, *line, &**what))
        .collect();
    let expected = [
        ("Cargo.lock", 2, "crate"),
        ("Cargo.toml", 6, "crate"),
        ("alerts.yml", 1, "crate"),
        ("config/app.yaml", 4, "flag"),
        ("deploy/env", 1, "flag"),
        ("docs/jobs.md", 3, "flag"),
        ("src/main.rs", 1, "crate"),
        ("src/main.rs", 4, "flag"),
        ("src/other.rs", 1, "crate"),
    ];
    assert_eq!(left, expected);
}

#[test]
fn a_consumer_without_flag_and_crate_is_withdrawn() {
    let consumer = before();
    for gone in [
        "Cargo.lock",
        "alerts.yml",
        "config/app.yaml",
        "deploy/env",
        "docs/jobs.md",
        "src/other.rs",
    ] {
        fs::remove_file(consumer.path().join(gone)).unwrap();
    }
    consumer.put(
        "Cargo.toml",
        b"[package]\nname = \"jobs\"\n\n[dependencies]\naxum = \"0.8\"\n",
    );
    consumer.put("src/main.rs", b"mod compat;\nfn main() { compat::run() }\n");
    consumer.put("logo.png", b"\x89PNG\0 features.jobs.compat");
    let ran = consumer.withdrawn(&[]);
    ran.ends(0)
        .says("removed: 2 files read, 1 binary files skipped");
    assert_eq!(ran.err, "");
    let response = consumer.withdrawn(&["--json"]).ends(0).json();
    let expected = json!({
        "removed": true, "flag": FLAG, "files_read": 2, "binary_files": 1, "findings": [], "unreadable": []
    });
    assert_eq!(response, expected);
}

#[test]
fn what_is_excluded_is_not_read() {
    let consumer = Consumer::of(&[
        ("CHANGELOG.md", "- features.jobs.compat is gone\n"),
        ("journals/jobs", "features.jobs.compat\n"),
        ("src/lib.rs", "fn f() {}\n"),
    ]);
    consumer.withdrawn(&[]).ends(1);
    let path = |name: &str| consumer.path().join(name).display().to_string();
    let (log, journals) = (path("CHANGELOG.md"), path("journals"));
    consumer.withdrawn(&["--exclude", &log]).ends(1);
    consumer
        .withdrawn(&["--exclude", &log, "--exclude", &journals])
        .ends(0);
    let missing = path("missing");
    consumer
        .withdrawn(&["--exclude", &missing])
        .ends(2)
        .complains("missing");
}

#[test]
fn a_path_that_is_not_there_proves_nothing() {
    let consumer = Consumer::of(&[("src/lib.rs", "fn f() {}\n")]);
    let missing = consumer.path().join("missing").display().to_string();
    let ran = consumer.withdrawn(&[&missing]);
    ran.ends(2).complains("cannot read");
    assert_eq!(ran.out, "", "it does not say that all is well");
    let response = consumer.withdrawn(&["--json", &missing]).ends(2).json();
    assert_eq!(response["removed"], false);
    assert_eq!(response["unreadable"][0]["path"], json!(missing));
}

#[test]
fn an_empty_tree_proves_nothing() {
    let consumer = Consumer::of(&[(".git/config", "x")]);
    consumer
        .withdrawn(&[])
        .ends(2)
        .complains("nothing is proved");
}

#[cfg(unix)]
#[test]
fn a_link_that_leads_nowhere_is_unreadable_and_a_linked_file_is_read() {
    let consumer = Consumer::of(&[("src/lib.rs", "fn f() {}\n")]);
    let elsewhere = Consumer::of(&[("app.conf", "features.jobs.compat\n")]);
    let link = consumer.path().join("app.conf");
    std::os::unix::fs::symlink(elsewhere.path().join("app.conf"), &link).unwrap();
    assert_eq!(
        consumer.left(),
        [("app.conf".to_owned(), 1, "flag".to_owned())]
    );
    fs::remove_file(elsewhere.path().join("app.conf")).unwrap();
    consumer.withdrawn(&[]).ends(2).complains("app.conf");
    let link = link.display().to_string();
    consumer.withdrawn(&["--exclude", &link]).ends(0);
}

#[cfg(unix)]
#[test]
fn special_files_are_neither_read_nor_followed() {
    let consumer = Consumer::of(&[("src/lib.rs", "fn f() {}\n")]);
    let fifo = consumer.path().join("fifo");
    let made = std::process::Command::new("mkfifo").arg(&fifo).status();
    assert!(made.unwrap().success());
    for (target, link) in [
        (fifo.as_path(), "to-fifo"),
        ("/dev/zero".as_ref(), "to-zero"),
    ] {
        std::os::unix::fs::symlink(target, consumer.path().join(link)).unwrap();
    }
    consumer.withdrawn(&[]).ends(0);
}

#[test]
fn a_single_file_can_be_asked_about() {
    let consumer = Consumer::of(&[("a.txt", "features.jobs.compat"), ("b.txt", "nothing")]);
    let file = |name| consumer.path().join(name).display().to_string();
    run(["check-removed", "--flag", FLAG, &file("b.txt")]).ends(0);
    run([
        "check-removed",
        "--flag",
        FLAG,
        &file("b.txt"),
        &file("a.txt"),
    ])
    .ends(1)
    .says("a.txt:1:");
}
