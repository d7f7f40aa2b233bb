//! The cost of a proof: a document of 14 MB, and 1,000 operations, read and proved.

use std::{fmt::Write as _, hint::black_box, time::Duration};

use criterion::{Criterion, criterion_group, criterion_main};
use legacy_http_compat::openapi::{ApiDocument, Verdict, prove};

/// A document with so many operations, each with a schema of its own of so many members; the schemas refer to each other.
fn api(operations: usize, members: usize, most: u32) -> String {
    let mut paths = String::new();
    let mut schemas = String::new();
    for index in 0..operations {
        let comma = if index == 0 { "" } else { "," };
        let next = (index * 7 + 1) % operations;
        let _ = write!(
            paths,
            r##"{comma}"/items/{index}/{{id}}":{{"get":{{"responses":{{
                "200":{{"description":"an item","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/S{index}"}}}}}}}},
                "404":{{"description":"none","content":{{"application/json":{{"schema":{{"$ref":"#/components/schemas/Error"}}}}}}}}}}}}}}"##
        );
        let _ = write!(
            schemas,
            r##","S{index}":{{"type":"object","required":["kind","m0"],"properties":{{"kind":{{"enum":["A","B"]}},"next":{{"$ref":"#/components/schemas/S{next}"}}"##
        );
        for member in 0..members {
            let _ = write!(
                schemas,
                r#","m{member}":{{"type":["string","null"],"maxLength":{most},"description":"The member {member} of the item {index}, as a text for the reader."}}"#
            );
        }
        schemas.push_str("}}");
    }
    format!(
        r#"{{"openapi":"3.1.0","info":{{"title":"Items","version":"1"}},"paths":{{{paths}}},"components":{{"schemas":{{
            "Error":{{"type":"object","required":["code"],"properties":{{"code":{{"type":"string"}}}}}}{schemas}}}}}}}"#
    )
}

fn read_and_prove(old: &str, new: &str) -> Verdict {
    let read = |text| ApiDocument::from_text(text).expect("the document is valid");
    prove(&read(old), &read(new), &[]).verdict
}

fn measure(c: &mut Criterion, name: &str, operations: usize, members: usize) {
    let old = api(operations, members, 100);
    let new = api(operations, members, 90);
    let mut group = c.benchmark_group(format!("{name}, {} MB", old.len() / 1_000_000));
    group
        .sample_size(10)
        .measurement_time(Duration::from_secs(20));
    group.bench_function("the same", |b| {
        b.iter(|| assert_eq!(read_and_prove(black_box(&old), &old), Verdict::Proved));
    });
    group.bench_function("narrower in every schema", |b| {
        b.iter(|| assert_eq!(read_and_prove(black_box(&old), &new), Verdict::Proved));
    });
    group.bench_function("wider in every schema", |b| {
        b.iter(|| assert_eq!(read_and_prove(black_box(&new), &old), Verdict::Refuted));
    });
    group.finish();
}

fn proofs(c: &mut Criterion) {
    measure(c, "a large document", 1_470, 75);
    measure(c, "1,000 operations", 1_000, 10);
}

criterion_group!(benches, proofs);
criterion_main!(benches);
