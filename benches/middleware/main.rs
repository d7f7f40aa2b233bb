//! What the layer costs beside the service without it, and beside what one would write by hand.
//!
//! `cargo bench --bench middleware --features admin,axum,hyper,prometheus` ends with the ratios as tables.
#![allow(
    missing_docs,
    reason = "criterion's macro makes an undocumented function"
)]

mod core;
#[expect(
    dead_code,
    unused_imports,
    reason = "only the router of the Core is used"
)]
#[path = "../../examples/core/app/mod.rs"]
mod core_app;
#[path = "../support/mod.rs"]
mod support;

use std::{convert::Infallible, env, fmt::Write as _, fs, time::Duration};

use axum::{
    Router,
    body::Body,
    http::{StatusCode, header::CONTENT_TYPE},
    middleware::from_fn,
    routing::post,
};
use bytes::Bytes;
use criterion::{BatchSize, BenchmarkGroup, Criterion, criterion_group, measurement::WallTime};
use serde_json::Value;
use support::{
    OTHER, POLL, Plain, SIZES, by_hand::rewrite_by_hand, exchange, layer, request, response,
    response_status_last,
};
use tower::{Layer, Service};

type Group<'c> = BenchmarkGroup<'c, WallTime>;

/// On a plain tower service: nothing around it that could hide the cost.
fn on_a_plain_service(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = group(criterion, "plain", size);
        let pending = || Plain(response("PENDING", size));
        let approved = || Plain(response("APPROVED", size));
        let last = || Plain(response_status_last("APPROVED", size));
        measure::<_, (), _>(&mut group, "bare", pending(), POLL);
        measure::<_, (), _>(&mut group, "outside", layer(true).layer(pending()), OTHER);
        measure::<_, (), _>(&mut group, "flag off", layer(false).layer(pending()), POLL);
        measure::<_, (), _>(
            &mut group,
            "not rewritten",
            layer(true).layer(approved()),
            POLL,
        );
        measure::<_, (), _>(&mut group, "status last", layer(true).layer(last()), POLL);
        measure::<_, (), _>(&mut group, "rewritten", layer(true).layer(pending()), POLL);
        group.finish();
    }
}

/// In an axum router, where the hand-written middleware lives.
fn in_a_router(criterion: &mut Criterion) {
    for size in SIZES {
        let mut group = group(criterion, "router", size);
        let pending = || router(response("PENDING", size));
        let approved = || router(response("APPROVED", size));
        let last = || router(response_status_last("APPROVED", size));
        let around = layer(true).layer(pending());
        measure::<_, Body, _>(&mut group, "outside, around", around, OTHER);
        let by_hand = || from_fn(rewrite_by_hand);
        let mut on = |case, app, path| measure::<Router, Body, _>(&mut group, case, app, path);
        on("bare", pending(), POLL);
        on("outside", pending().layer(layer(true)), OTHER);
        on("flag off", pending().layer(layer(false)), POLL);
        on("not rewritten", approved().layer(layer(true)), POLL);
        on("status last", last().layer(layer(true)), POLL);
        on("rewritten", pending().layer(layer(true)), POLL);
        on("by hand, not rewritten", approved().layer(by_hand()), POLL);
        on("by hand, rewritten", pending().layer(by_hand()), POLL);
        group.finish();
    }
}

/// In the Core example, whose handler reads the request and hashes the code in it.
fn in_the_core(criterion: &mut Criterion) {
    let mut group = group(criterion, "core", SIZES[0]);
    core::measure(&mut group);
    group.finish();
}

fn router(body: Bytes) -> Router {
    let handler = move || async move { ([(CONTENT_TYPE, "application/json")], body) };
    Router::new()
        .route(POLL, post(handler.clone()))
        .route(OTHER, post(handler))
}

fn group<'c>(criterion: &'c mut Criterion, around: &str, size: usize) -> Group<'c> {
    let mut group = criterion.benchmark_group(format!("{around} {size}"));
    group
        .sample_size(60)
        .warm_up_time(Duration::from_millis(500))
        .measurement_time(Duration::from_millis(1500));
    group
}

fn measure<S, R, B>(group: &mut Group<'_>, case: &str, mut service: S, path: &'static str)
where
    S: Service<http::Request<R>, Response = http::Response<B>, Error = Infallible>,
    R: Default,
    B: http_body::Body + Unpin,
{
    let rewritten = case.ends_with("rewritten") && !case.ends_with("not rewritten");
    let expected = if rewritten {
        StatusCode::UNAUTHORIZED
    } else {
        StatusCode::OK
    };
    assert_eq!(exchange(&mut service, request(path)), expected, "{case}");
    group.bench_function(case, |bencher| {
        bencher.iter_batched(
            || request(path),
            |request| exchange(&mut service, request),
            BatchSize::SmallInput,
        );
    });
}

/// The medians of the last run, each divided by that of `bare`, as rows of a Markdown table.
fn table(around: &str, sizes: &[usize], cases: &[&str]) -> String {
    let columns = &["40 B", "1 KiB", "64 KiB"][..sizes.len()];
    let mut rows = format!("\n| {around} | {} |\n|", columns.join(" | "));
    rows += &" --- |".repeat(columns.len() + 1);
    rows.push('\n');
    for case in cases {
        let cell = |size| {
            let median = |case| median(&format!("{around} {size}"), case);
            let (own, bare) = (median(case)?, median("bare")?);
            Some(format!(" {:.2} ({own:.0} ns) |", own / bare))
        };
        let cells: String = sizes.iter().copied().filter_map(cell).collect();
        let _infallible = writeln!(rows, "| {case} |{cells}");
    }
    rows
}

/// In nanoseconds; `None` if the case was not measured.
fn median(group: &str, case: &str) -> Option<f64> {
    let target = env::current_exe().ok()?;
    let estimates = target
        .ancestors()
        .nth(3)?
        .join("criterion")
        .join(group)
        .join(case);
    let text = fs::read(estimates.join("new/estimates.json")).ok()?;
    serde_json::from_slice::<Value>(&text).ok()?["median"]["point_estimate"].as_f64()
}

criterion_group!(benches, on_a_plain_service, in_a_router, in_the_core);

fn main() {
    benches();
    Criterion::default().configure_from_args().final_summary();
    if measures() {
        print_tables();
    }
}

/// Whether this run measures: without `--bench`, or with `--test`, each case only runs once.
fn measures() -> bool {
    let given = |option: &str| env::args().any(|argument| argument == option);
    given("--bench") && !given("--test")
}

fn print_tables() {
    let cases = [
        "bare",
        "outside",
        "flag off",
        "not rewritten",
        "status last",
        "rewritten",
    ];
    println!("{}", table("plain", &SIZES, &cases));
    let more = [
        "outside, around",
        "by hand, not rewritten",
        "by hand, rewritten",
    ];
    println!("{}", table("router", &SIZES, &[&cases[..], &more].concat()));
    println!("{}", table("core", &SIZES[..1], &core::cases()));
}
