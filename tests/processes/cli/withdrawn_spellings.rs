//! The flag and the crate in the spellings that tools and libraries use.

use super::withdrawn::Consumer;

/// The lines of a file that are found.
fn found(name: &str, text: &str) -> Vec<u64> {
    let left = Consumer::of(&[(name, text)]).left();
    left.into_iter().map(|(_, line, _)| line).collect()
}

#[test]
fn the_dependency_is_found_in_every_table_of_a_manifest_and_in_the_lock_file() {
    for (manifest, lines) in [
        (
            "[dependencies]\nlegacy-http-compat = \"0.1\"\n",
            &[2_u64][..],
        ),
        (
            "[dependencies.legacy-http-compat]\nversion = \"0.1\"\n",
            &[1],
        ),
        (
            "[dev-dependencies]\n\"legacy_http_compat\".workspace = true\n",
            &[2],
        ),
        (
            "[target.'cfg(unix)'.build-dependencies.legacy-http-compat]\n",
            &[1],
        ),
        (
            "[workspace.dependencies]\nlegacy-http-compat = { path = \"..\" }\n",
            &[2],
        ),
        (
            "[patch.crates-io]\nlegacy-http-compat = { git = \"https://example.com/x\" }\n",
            &[2],
        ),
        ("[features]\ncompat = [\"dep:legacy-http-compat\"]\n", &[2]),
        (
            "[features]\ncompat = [\n  \"legacy-http-compat?/admin\",\n]\n",
            &[2, 3],
        ),
    ] {
        assert_eq!(found("Cargo.toml", manifest), lines, "{manifest}");
    }
    let lock = "[[package]]\nname = \"app\"\ndependencies = [\n \"legacy-http-compat\",\n]\n\n\
                [[package]]\nname = \"legacy-http-compat\"\nversion = \"0.1.0\"\n";
    assert_eq!(found("Cargo.lock", lock), [4, 8]);
}

#[test]
fn a_rename_over_several_lines_is_followed() {
    let consumer = Consumer::of(&[
        (
            "Cargo.toml",
            "[dependencies]\nold = {\n  version = \"1\",\n  package = \"legacy-http-compat\",\n}\nserde = \"1\"\n",
        ),
        ("src/lib.rs", "use old::Contract;\nuse serde::Serialize;\n"),
    ]);
    let places = ["Cargo.toml:2", "Cargo.toml:4", "src/lib.rs:1"];
    assert_eq!(places_of(&consumer), places);
}

#[test]
fn the_features_that_switch_the_dependency_on_are_found_where_they_are_used() {
    for manifest in [
        "[dependencies]\nlegacy-http-compat = { version = \"1\", optional = true }\n[features]\ndefault = [\"old-clients\"]\nold-clients = [\"dep:legacy-http-compat\", \"json\"]\njson = []\n",
        "[dependencies]\nlegacy-http-compat = { version = \"1\", optional = true }\n[features]\ndefault = [\n  \"json\", \"old-clients\",\n]\nold-clients = [\n  \"legacy-http-compat/admin\",\n]\njson = []\n",
    ] {
        let consumer = Consumer::of(&[
            ("Cargo.toml", manifest),
            (
                "src/lib.rs",
                "#[cfg(feature = \"old-clients\")]\nmod a;\n#[cfg(all(unix, not(feature=\"old-clients\")))]\nmod b;\n#[cfg(feature = \"json\")]\nmod c;\nconst S: &str = \"old-clients\";\n",
            ),
        ]);
        let sources: Vec<_> = places_of(&consumer)
            .into_iter()
            .filter(|place| place.starts_with("src/lib.rs"))
            .collect();
        assert_eq!(sources, ["src/lib.rs:1", "src/lib.rs:3"], "{manifest}");
        let default = manifest
            .lines()
            .position(|line| line.contains("\"old-clients\""));
        let default = format!("Cargo.toml:{}", default.unwrap() + 1);
        assert!(places_of(&consumer).contains(&default), "{manifest}");
    }
}

#[test]
fn the_feature_of_a_renamed_optional_dependency_is_found() {
    let consumer = Consumer::of(&[
        (
            "Cargo.toml",
            "[dependencies]\nold = { package = \"legacy-http-compat\", version = \"1\", optional = true }\n[features]\ndefault = [\"old\", \"older\"]\nolder = []\n",
        ),
        (
            "src/lib.rs",
            "#[cfg(feature = \"old\")]\nmod a;\n#[cfg(feature = \"older\")]\nmod b;\n",
        ),
    ]);
    let places = ["Cargo.toml:2", "Cargo.toml:4", "src/lib.rs:1"];
    assert_eq!(places_of(&consumer), places);
}

#[test]
fn a_flag_is_found_above_the_keys_of_its_settings() {
    for (name, text, line) in [
        ("a.toml", "[features]\njobs.compat.enabled = true\n", 2),
        (
            "a.toml",
            "[features.jobs]\nsize = 1\ncompat.enabled = true\n",
            3,
        ),
        ("a.toml", "[features.\"jobs\".compat]\nenabled = true\n", 1),
        (
            "a.toml",
            "[[features . jobs . compat . rules]]\nid = 1\n",
            1,
        ),
        ("a.yaml", "features:\n  jobs.compat.enabled: true\n", 2),
        (
            "a.json",
            "{\"features\": {\"jobs\": {\"compat\": {\"enabled\": true}}}}\n",
            1,
        ),
        (
            "a.tfvars",
            "features = {\n  jobs = {\n    compat = true\n  }\n}\n",
            3,
        ),
    ] {
        assert_eq!(found(name, text), [line], "{text}");
    }
    assert_eq!(
        found("a.toml", "[features.jobs]\ncompatible.enabled = true\n"),
        [] as [u64; 0]
    );
}

#[test]
fn an_environment_variable_is_found_in_the_spellings_of_common_libraries() {
    for text in [
        "FEATURES__JOBS__COMPAT__ENABLED=1",
        "- name: APP_FEATURES__JOBS__COMPAT__ENABLED",
        "features__jobs__compat=1",
        "Features__Jobs__Compat: \"true\"",
        "env::var(\"features_jobs_compat\")",
        "serve --features-jobs-compat=on",
        "kind: ConfigMap, name: features-jobs-compat",
    ] {
        assert_eq!(found("any.txt", text), [1], "{text}");
    }
    for text in [
        "my_features_jobs_compat_mode",
        "FEATURES_JOBS_COMPAT_TIMEOUT",
        "features-jobs-compatible",
        "jobs_compat",
        "more-features-jobs-compat-x",
    ] {
        assert_eq!(found("any.txt", text), [] as [u64; 0], "{text}");
    }
}

#[test]
fn a_file_that_is_named_for_the_flag_is_found_by_its_name() {
    let consumer = Consumer::of(&[
        ("env/FEATURES_JOBS_COMPAT", "1\n"),
        ("flags/features.jobs.compat.json", "{}\n"),
        ("flags/other.json", "{}\n"),
    ]);
    let places = [
        "env/FEATURES_JOBS_COMPAT:0",
        "flags/features.jobs.compat.json:0",
    ];
    assert_eq!(places_of(&consumer), places);
}

#[cfg(unix)]
#[test]
fn special_files_are_not_opened_by_whatever_path() {
    use std::{os::unix::fs::symlink, os::unix::net::UnixListener, process::Command};

    let consumer = Consumer::of(&[("a.txt", "nothing\n")]);
    let path = |name: &str| consumer.path().join(name);
    let fifo = path("fifo");
    assert!(
        Command::new("mkfifo")
            .arg(&fifo)
            .status()
            .unwrap()
            .success()
    );
    let _socket = UnixListener::bind(path("socket")).unwrap();
    for (target, link) in [
        ("fifo", "Cargo.toml"),
        ("/dev/zero", "zero"),
        ("/dev/tty", "tty"),
        ("socket", "x.rs"),
    ] {
        symlink(target, path(link)).unwrap();
    }
    consumer.withdrawn(&[]).ends(0);
    for named in ["fifo", "zero", "Cargo.toml"] {
        let ran = super::run::run([
            "check-removed",
            "--flag",
            "x.y",
            path(named).to_str().unwrap(),
        ]);
        ran.ends(2).complains("neither a file nor a directory");
    }
}

/// The places that are found.
fn places_of(consumer: &Consumer) -> Vec<String> {
    let left = consumer.left().into_iter();
    left.map(|(path, line, _)| format!("{path}:{line}"))
        .collect()
}
