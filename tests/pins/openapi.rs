//! The `OpenAPI` document.

use crate::{
    pin::{pin, pin_json},
    service::TestService,
};

#[tokio::test]
async fn the_operations_are_pinned() {
    let service = TestService::open().await;
    let operations = service.stranger.document().operations();
    let mut lines: Vec<String> = operations
        .map(|(method, path, operation)| {
            let id = operation["operationId"].as_str().unwrap();
            format!("{method} {path} {id}")
        })
        .collect();
    lines.sort_unstable();
    pin("openapi_operations.txt", &lines.join("\n"));
}

#[tokio::test]
async fn the_whole_document_is_pinned() {
    let service = TestService::open().await;
    pin_json("openapi.json", &service.stranger.document().0);
}
