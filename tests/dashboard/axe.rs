//! Deque's axe-core, which finds barriers for people who cannot see, hear or point.

use std::{fs, path::Path, process::Command, sync::OnceLock};

use serde_json::Value;

use crate::browser::Browser;

/// What is wrong with the page that is shown, each with where it is.
pub(crate) async fn violations(browser: &Browser) -> Vec<String> {
    browser.run(axe()).await;
    let run = "const done = arguments[arguments.length - 1]; \
               axe.run(document, { resultTypes: ['violations'] }).then((found) => done(found.violations), (error) => done(String(error)));";
    match browser.run_to_end(run).await {
        Value::Array(found) => found.iter().map(said).collect(),
        other => vec![other.to_string()],
    }
}

fn said(violation: &Value) -> String {
    let nodes = violation["nodes"].as_array().into_iter().flatten();
    let nodes: Vec<String> = nodes
        .map(|node| format!("{} {}", node["html"], node["failureSummary"]))
        .collect();
    format!(
        "{}: {}\n    {}",
        violation["id"],
        violation["help"],
        nodes.join("\n    ")
    )
}

fn axe() -> &'static str {
    static AXE: OnceLock<String> = OnceLock::new();
    AXE.get_or_init(|| {
        let here = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/dashboard");
        let script = here.join("node_modules/axe-core/axe.min.js");
        if !script.exists() {
            let installed = Command::new("npm").arg("ci").current_dir(&here).status();
            let installed = installed.expect("npm installs axe-core (Debian: apt-get install npm)");
            assert!(installed.success(), "`npm ci` in tests/dashboard failed");
        }
        fs::read_to_string(script).expect("npm has put axe-core there")
    })
}
