//! The checker on made-up files: it must be able to fail.

use super::findings;

#[test]
fn comments_and_docs_of_all_rust_files_are_prose() {
    let text =
        "//! An Answer.\n\n/// Who is told.\nfn answer() {} // a room\n/* a hole\n and a desk */\n";
    let found = [
        "1: answer: //! An Answer.",
        "3: told: /// Who is told.",
        "4: room: // a room",
        "5: hole: /* a hole",
        "6: desk: and a desk */",
    ];
    for path in ["src/a.rs", "tests/a.rs", "examples/a.rs", "benches/a.rs"] {
        let found = found.map(|finding| format!("{path}:{finding}"));
        assert_eq!(findings(path, text), found);
    }
}

#[test]
fn sentences_in_literals_are_prose_in_the_library_and_not_in_tests() {
    let text = "let a = \"nobody knows\";\nlet b = r#\"x\n\"the keeper\" \"#;\n";
    assert_eq!(
        findings("src/a.rs", text),
        [
            "src/a.rs:1: nobody: \"nobody knows\"",
            "src/a.rs:3: keeper: \"the keeper\" \"#",
        ]
    );
    assert_eq!(findings("tests/a.rs", text), [] as [&str; 0]);
}

#[test]
fn code_is_not_prose() {
    let text = "let room = \"room\"; // `room`, answers_total, answered\nformat!(\"a {room:?} and `wish`\");\nlet c = '\"';\n";
    assert_eq!(findings("src/a.rs", text), [] as [&str; 0]);
}

#[test]
fn text_between_tags_and_labels_are_prose_and_template_code_is_not() {
    let page = "<p class=\"room\">{{ answer }}{% if told %}\nA stamp</p>\n<input aria-label=\"Your wish\">\n";
    assert_eq!(
        findings("src/page.html", page),
        [
            "src/page.html:2: stamp: A stamp",
            "src/page.html:3: wish: Your wish",
        ]
    );
}

#[test]
fn descriptions_are_prose_in_json_and_keys_are_not() {
    let document =
        "{ \"description\": \"An answer.\",\n\"answers\": \"told\",\n  \"summary\": \"`told`\" }\n";
    assert_eq!(
        findings("src/openapi.json", document),
        ["src/openapi.json:1: answer: An answer.\","]
    );
}

#[test]
fn markdown_alerts_and_scripts_are_prose_as_a_whole() {
    let text = "An answer, `answer`.\n```rust\nlet keeper = 1;\n```\n";
    for path in ["README.md", "examples/a.yml", ".ci/run"] {
        assert_eq!(
            findings(path, text),
            [
                format!("{path}:1: answer: An answer,  ."),
                format!("{path}:3: keeper: let keeper = 1;"),
            ]
        );
    }
}
