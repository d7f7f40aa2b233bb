//! `GET /`: each line for a shell does in a shell what the page says of it.

use std::process::Command;

use crate::support::process::Core;

const TOKEN: &str = "the-operator-token-of-32-characters";

/// The lines as they follow each other, each with something of what it prints.
const PRINTED: [&str; 9] = [
    "HTTP/1.1 422",
    "HTTP/1.1 403",
    "AUTHORIZATION_PENDING",
    "\"phase\":\"compat\"",
    "\"total\":1",
    "\"passes\":false",
    "\"to\":\"cutover\"",
    "\"incident\":\"INC-1\"",
    "\"rollback_taken\"",
];

#[tokio::test(flavor = "multi_thread")]
async fn each_line_of_the_first_page_can_be_run_as_it_stands() {
    let core = Core::start(&["--operator-token", TOKEN]);
    let page = core.http().get("/").await.text;
    assert!(!page.contains(TOKEN), "everybody can read it");
    let lines = page.lines().filter(|line| line.contains("curl -"));
    let lines: Vec<&str> = lines.collect();
    assert_eq!(lines.len(), PRINTED.len(), "{page}");
    for (line, printed) in lines.into_iter().zip(PRINTED) {
        let shell = Command::new("sh")
            .args(["-c", line])
            .env("OPERATOR", TOKEN)
            .output();
        let shell = shell.expect("a shell");
        let output = String::from_utf8(shell.stdout).expect("UTF-8");
        assert!(
            shell.status.success() && output.contains(printed),
            "{line}\n{output}"
        );
    }
}
