//! The checker on small made-up trees: it must be able to fail.

use super::{rules::faults, source::SourceFile};

fn check(files: &[(&str, &str)]) -> Vec<String> {
    let files: Vec<_> = files
        .iter()
        .map(|(path, text)| SourceFile::new(path, text))
        .collect();
    faults(&files)
}

#[test]
fn a_tree_that_keeps_the_floors_has_no_fault() {
    let tree = [
        (
            "lib.rs",
            "//! Docs.\n#![doc = \"[x]\"]\npub mod flag;\npub mod caller;\n#[doc(inline)]\npub use flag::Flag;\n#[cfg(doctest)]\nmod readme {}",
        ),
        ("flag.rs", "pub struct Flag;"),
        (
            "caller/mod.rs",
            "mod kind;\npub(crate) use kind::{Kind, Kinds};",
        ),
        (
            "caller/kind.rs",
            "// crate::middleware::Layer\npub(in crate::caller) struct Kind; const A: &str = \"crate::admin::B\";",
        ),
        ("middleware/mod.rs", "mod layer;\nmod service;"),
        (
            "middleware/layer.rs",
            "use super::service::Service;\nuse crate::{caller::{Kind, Kinds as All}, flag::Flag};",
        ),
        (
            "middleware/service.rs",
            "use crate::Flag;\n#[cfg(test)]\nmod tests { use crate::admin::X; }",
        ),
    ];
    assert_eq!(check(&tree), [] as [&str; 0]);
}

#[test]
fn an_import_from_a_higher_floor_is_found_through_a_facade() {
    let tree = [
        ("census/mod.rs", "mod table;\npub use table::Table;"),
        ("census/table.rs", "pub struct Table;"),
        (
            "caller/kind.rs",
            "\nuse std::fmt;\nuse crate::{\n    census::Table,\n};",
        ),
    ];
    assert_eq!(
        check(&tree),
        ["src/caller/kind.rs:3: caller::kind (floor 0) imports census::table (floor 3)"]
    );
}

#[test]
fn an_inline_path_counts_as_an_import() {
    let tree = [
        ("admin/page.rs", "pub fn show() {}"),
        ("time.rs", "fn f() {\n    crate::admin::page::show();\n}"),
    ];
    assert_eq!(
        check(&tree),
        ["src/time.rs:2: time (floor 0) imports admin::page (floor 5)"]
    );
}

#[test]
fn a_circle_between_top_level_modules_is_found() {
    let tree = [
        ("census/table.rs", "use crate::metrics::counters::C;"),
        ("metrics/counters.rs", "use super::snapshot::S;"),
        ("metrics/snapshot.rs", "use crate::census::table::T;"),
    ];
    assert_eq!(
        check(&tree),
        [
            "src/census/table.rs:1: census::table imports metrics::counters, and the reverse by some way",
            "src/metrics/snapshot.rs:1: metrics::snapshot imports census::table, and the reverse by some way",
        ]
    );
}

#[test]
fn a_circle_between_files_of_one_module_is_found() {
    let tree = [
        ("middleware/body.rs", "use super::replay::Replay;"),
        (
            "middleware/replay.rs",
            "pub struct Replay;\nuse super::{vary, body::poll};",
        ),
        ("middleware/vary.rs", ""),
    ];
    assert_eq!(
        check(&tree),
        [
            "src/middleware/body.rs:1: middleware::body imports middleware::replay, and the reverse by some way",
            "src/middleware/replay.rs:2: middleware::replay imports middleware::body, and the reverse by some way",
        ]
    );
}

#[test]
fn a_circle_between_folders_of_one_module_is_found_though_no_file_is_on_one() {
    let tree = [
        (
            "admin/page/form.rs",
            "use crate::admin::command::read::Read;",
        ),
        ("admin/page/html.rs", "pub struct Html;"),
        ("admin/command/read.rs", "pub struct Read;"),
        (
            "admin/command/refuse.rs",
            "use crate::admin::page::html::Html;",
        ),
    ];
    assert_eq!(
        check(&tree),
        [
            "src/admin/command/refuse.rs:1: admin::command::refuse imports admin::page::html, and the reverse by some way",
            "src/admin/page/form.rs:1: admin::page::form imports admin::command::read, and the reverse by some way",
        ]
    );
}

#[test]
fn a_file_may_import_from_a_folder_that_imports_from_its_neighbours() {
    let tree = [
        ("admin/router.rs", "use super::page::form::Form;"),
        ("admin/problem.rs", "pub struct Problem;"),
        ("admin/page/form.rs", "use crate::admin::problem::Problem;"),
    ];
    assert_eq!(check(&tree), [] as [&str; 0]);
}

#[test]
fn middleware_and_rollout_are_strangers() {
    let tree = [
        ("middleware/layer.rs", "use crate::rollout::phase::Phase;"),
        ("rollout/phase.rs", ""),
    ];
    assert_eq!(
        check(&tree),
        ["src/middleware/layer.rs:1: middleware::layer must not import rollout::phase"]
    );
}

#[test]
fn logic_in_a_facade_is_found() {
    let tree = [(
        "caller/mod.rs",
        "//! Docs.\n\nmod a;\n\n#[derive(Debug)]\npub struct B;\nmod c { }",
    )];
    let message = "a façade has docs, `mod` and `use`, and nothing else";
    assert_eq!(
        check(&tree),
        [
            format!("src/caller/mod.rs:6: {message}"),
            format!("src/caller/mod.rs:7: {message}")
        ]
    );
}

#[test]
fn a_module_without_a_floor_and_a_name_from_nowhere_are_faults() {
    let tree = [("helpers.rs", ""), ("flag.rs", "use crate::nowhere::N;")];
    assert_eq!(
        check(&tree),
        [
            "src/helpers.rs: no floor is planned for this module",
            "src/flag.rs:1: cannot tell which file defines nowhere::N",
        ]
    );
}

#[test]
fn a_facade_that_declares_its_tests_in_the_middle_is_read_to_its_end() {
    let tree = [
        (
            "census/mod.rs",
            "#[cfg(test)]\nmod tests;\npub use table::Table;",
        ),
        ("census/table.rs", "pub struct Table;"),
        ("rollout/gate.rs", "use crate::census::Table;"),
    ];
    assert!(check(&tree).is_empty());
}

#[test]
fn a_binary_has_its_own_root_and_stands_above_all() {
    let tree = [
        (
            "bin/tool/main.rs",
            "mod page;\nmod text;\nfn main() { page::show(); }",
        ),
        (
            "bin/tool/page.rs",
            "use crate::text::wide;\npub(crate) fn show() {}",
        ),
        ("bin/tool/text.rs", "pub(crate) fn wide() {}"),
        ("flag.rs", "pub struct Flag;"),
    ];
    assert_eq!(check(&tree), [] as [&str; 0]);
    let circle = [
        ("bin/tool/page.rs", "use crate::text::wide;"),
        ("bin/tool/text.rs", "use super::page::show;"),
    ];
    assert_eq!(check(&circle).len(), 2);
}
