//! The routes, the `OpenAPI` document and the module documentation agree.

use std::collections::BTreeSet;

use serde_json::Value;

use super::routes::{Action, OPENAPI, ROUTES};
use crate::admin::problem::ProblemKind;

fn routes() -> BTreeSet<(String, String)> {
    let rows = ROUTES.iter().map(|route| {
        let method = match route.action {
            Action::Show(_) => "GET",
            Action::Execute(_) => "POST",
        };
        (method.to_owned(), route.path.to_owned())
    });
    rows.collect()
}

/// Each operation with its role. That routes check the role is tested over a socket.
fn documented() -> BTreeSet<(String, String, String)> {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let mut documented = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let role = operation["x-role"].as_str().unwrap().to_owned();
            documented.insert((method.to_uppercase(), path.clone(), role));
        }
    }
    documented
}

#[test]
fn the_document_has_every_route_and_no_other() {
    let documented = documented().into_iter();
    let documented: BTreeSet<_> = documented.map(|(method, path, _)| (method, path)).collect();
    assert_eq!(documented, routes());
}

#[test]
fn the_document_has_every_problem_and_no_other() {
    let document: Value = serde_json::from_str(OPENAPI).unwrap();
    let types = &document["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
    assert_eq!(
        *types,
        serde_json::json!(ProblemKind::ALL.map(ProblemKind::uri))
    );
}

/// Rows such as ``| `GET /api/status` | viewer | … |``.
#[test]
fn the_head_of_the_module_has_every_route_and_no_other() {
    let head = include_str!("../mod.rs")
        .lines()
        .map_while(|line| line.strip_prefix("//!"));
    let rows = head.filter_map(|line| {
        let (route, rest) = line.trim().strip_prefix("| `")?.split_once("` | ")?;
        let (method, path) = route.split_once(' ')?;
        let (role, _) = rest.split_once(" |")?;
        let path = path.split(['?', '[']).next()?;
        let is_api = path.starts_with("/api/") || path == "/openapi.json";
        is_api.then(|| (method.to_owned(), path.to_owned(), role.to_owned()))
    });
    assert_eq!(rows.collect::<BTreeSet<_>>(), documented());
}

#[test]
fn the_head_of_the_module_has_every_problem_and_no_other() {
    let head = include_str!("../mod.rs")
        .lines()
        .map_while(|line| line.strip_prefix("//!"));
    let rows = head.filter_map(|line| {
        let (name, rest) = line.trim().strip_prefix("| `")?.split_once("` | ")?;
        let (status, _) = rest.split_once(" |")?;
        Some((name, status.parse::<u16>().ok()?))
    });
    let documented: Vec<_> = rows.collect();
    assert_eq!(
        documented,
        ProblemKind::ALL.map(|kind| (kind.name(), kind.status().as_u16()))
    );
}
