//! Which lines `check-removed` finds, and which it leaves alone.

use super::withdrawn::Consumer;

/// The lines of a file that are found.
fn found(name: &str, text: &str) -> Vec<u64> {
    let consumer = Consumer::of(&[(name, text)]);
    consumer
        .left()
        .into_iter()
        .map(|(_, line, _)| line)
        .collect()
}

#[test]
fn the_flag_is_found_in_every_spelling_of_its_whole_name() {
    for text in [
        "features.jobs.compat",
        "x = \"features.jobs.compat\";",
        "app.features.jobs.compat=on",
        "features.jobs.compat.enabled = true",
        "FEATURES_JOBS_COMPAT",
        "export APP__FEATURES__JOBS__COMPAT=1",
        "See features.jobs.compat.",
    ] {
        assert_eq!(found("any.txt", text), [1], "{text}");
    }
}

#[test]
fn another_name_that_only_begins_or_ends_alike_is_left_alone() {
    for text in [
        "features.jobs.compatible",
        "features.jobs.compat_timeout",
        "myfeatures.jobs.compat",
        "FEATURES_JOBS_COMPAT_TIMEOUT",
        "JOBS_COMPAT",
        "compat",
        "legacy-http-compatible",
        "not-legacy-http-compat",
        "legacy http compat",
    ] {
        assert_eq!(found("any.txt", text), [] as [u64; 0], "{text}");
    }
}

#[test]
fn the_crate_is_found_by_its_name_its_path_its_metrics_and_its_layer() {
    for text in [
        "legacy-http-compat = \"0.1\"",
        "extern crate legacy_http_compat;",
        "let c = ::legacy_http_compat::Contract::device_flow();",
        "expr: sum(legacy_http_compat_phase)",
        "LEGACY_HTTP_COMPAT_KEY=…",
        "Router::new().layer(LegacyHttpCompatLayer::new())",
    ] {
        assert_eq!(found("any.txt", text), [1], "{text}");
    }
}

#[test]
fn a_flag_in_nested_keys_is_found_at_its_last_key() {
    let yaml = "features:\n  auth:\n    compat: 1\n  jobs:\n    size: 3\n    compat: true\njobs:\n  compat: 2\n";
    assert_eq!(found("a.yaml", yaml), [6]);
    let below = "app:\n  features:\n    jobs.compat: true\n";
    assert_eq!(found("a.yml", below), [3]);
    let json = "{\n  \"features\": {\n    \"jobs\": {\n      \"compat\": true\n    }\n  },\n  \"compat\": 1\n}\n";
    assert_eq!(found("a.json", json), [4]);
    let one_line = r#"{"features": {"x": {"compat": 1}, "jobs": {"n": 1, "compat": true}}}"#;
    assert_eq!(found("a.json", one_line), [1]);
    let other = r#"{"features": {"jobs": {"n": 1}, "compat": true}}"#;
    assert_eq!(found("a.json", other), [] as [u64; 0]);
    let toml = "[features.auth]\ncompat = 1\n\n[features.jobs]\nsize = 3\ncompat = true\n";
    assert_eq!(found("a.toml", toml), [6]);
    let inline = "[features]\njobs = { size = 3, compat = true }\n";
    assert_eq!(found("a.toml", inline), [2]);
    let quoted = "[features]\n\"jobs\".compat = true\n";
    assert_eq!(found("a.toml", quoted), [2]);
    let list = "features:\n  auth:\n    [\"a\"]\n  jobs:\n    compat: true\n";
    assert_eq!(found("a.yaml", list), [5]);
    assert_eq!(found("a.md", yaml), [] as [u64; 0], "prose nests no keys");
}

#[test]
fn a_rename_is_followed_into_members_and_sources() {
    for manifest in [
        "[workspace.dependencies]\nold = { package = \"legacy-http-compat\", version = \"1\" }\n",
        "[dependencies.old]\nversion = \"1\"\npackage = 'legacy-http-compat'\n",
        "[dependencies]\nold.version = \"1\"\nold.package = \"legacy-http-compat\"\n",
        "[target.'cfg(unix)'.dependencies]\n\"old\" = {version=\"1\",package=\"legacy-http-compat\"}\n",
    ] {
        let consumer = Consumer::of(&[
            ("Cargo.toml", manifest),
            (
                "member/Cargo.toml",
                "[dependencies]\nold.workspace = true\nolder = \"1\"\n",
            ),
            (
                "member/src/lib.rs",
                "use old::Contract;\nuse {old as new};\nfn old() {}\nlet f = old::f();\nbold::x();\n",
            ),
            ("notes.txt", "old::Contract\n"),
        ]);
        let left = consumer.left();
        let renames = left.iter().filter(|(path, ..)| path.starts_with("member"));
        let renames: Vec<(&str, u64)> = renames.map(|(path, line, _)| (&**path, *line)).collect();
        let expected = [
            ("member/Cargo.toml", 2),
            ("member/src/lib.rs", 1),
            ("member/src/lib.rs", 2),
            ("member/src/lib.rs", 4),
        ];
        assert_eq!(renames, expected, "{manifest}");
        assert!(!left.iter().any(|(path, ..)| path == "notes.txt"));
    }
}

#[test]
fn a_module_called_target_is_read_and_what_cargo_builds_is_not() {
    let consumer = Consumer::of(&[
        ("Cargo.toml", "[package]\n"),
        ("target/x.d", "features.jobs.compat\n"),
        (
            "out/target/CACHEDIR.TAG",
            "Signature: 8a477f597d28d172789f06886806bc55\n",
        ),
        ("out/target/x.d", "features.jobs.compat\n"),
        (
            "src/target/mod.rs",
            "const F: &str = \"features.jobs.compat\";\n",
        ),
    ]);
    assert_eq!(
        consumer.left(),
        [("src/target/mod.rs".to_owned(), 1, "flag".to_owned())]
    );
}

#[test]
fn a_file_that_git_ignores_is_read_all_the_same() {
    let consumer = Consumer::of(&[
        (".gitignore", "*.env\n"),
        ("prod.env", "FEATURES_JOBS_COMPAT=1\n"),
    ]);
    assert_eq!(consumer.left().len(), 1);
}

#[test]
fn text_in_other_encodings_is_read() {
    let consumer = Consumer::of(&[]);
    consumer.put("latin1.txt", b"f\xfcr features.jobs.compat\n");
    let utf16: Vec<u8> = "\u{feff}a\nfeatures.jobs.compat\n"
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    consumer.put("utf16.ini", &utf16);
    let lines: Vec<(String, u64)> = consumer
        .left()
        .into_iter()
        .map(|(path, line, _)| (path, line))
        .collect();
    assert_eq!(
        lines,
        [("latin1.txt".to_owned(), 1), ("utf16.ini".to_owned(), 2)]
    );
}

#[test]
fn a_line_cannot_steer_the_terminal_it_is_shown_on() {
    let consumer = Consumer::of(&[("a.txt", "\u{1b}[2J features.jobs.compat\u{202e}\n")]);
    let ran = consumer.withdrawn(&[]);
    ran.ends(1).says(r"\u{1b}[2J features.jobs.compat\u{202e}");
    assert!(!ran.out.contains('\u{1b}'));
}
