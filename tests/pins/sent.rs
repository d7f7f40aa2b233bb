//! The server-sent events.

use std::{collections::BTreeMap, time::Duration};

use serde_json::Value;
use tokio::time::timeout;

use crate::{
    pin::{pin, pretty},
    rich::troubled,
};

#[tokio::test]
async fn each_sort_of_event_of_the_stream_is_pinned() {
    let service = troubled().await;
    let before = service.head() - 1;
    let request = service
        .viewer()
        .request("GET", &format!("/api/events?after={before}"));
    let mut response = request.send().await.unwrap();
    let media = response.headers()["content-type"].to_str().unwrap();
    let mut text = format!("content-type: {media}\n\n");
    let (mut unread, mut sorts) = (String::new(), BTreeMap::new());
    while sorts.len() < 3 {
        let chunk = timeout(Duration::from_secs(20), response.chunk()).await;
        let chunk = chunk.unwrap().unwrap().unwrap();
        unread += std::str::from_utf8(&chunk).unwrap();
        while let Some((block, rest)) = unread.split_once("\n\n") {
            let sort = block.lines().next().unwrap_or_default().to_owned();
            sorts.entry(sort).or_insert_with(|| readable(block));
            unread = rest.to_owned();
        }
    }
    for block in sorts.values() {
        text += block;
    }
    pin("sent.txt", &text);
}

/// The block with its data in a form that is easy to compare.
fn readable(block: &str) -> String {
    let lines = block.lines().map(|line| match line.strip_prefix("data:") {
        Some(data) => format!(
            "data:\n{}\n",
            pretty(&serde_json::from_str::<Value>(data).unwrap())
        ),
        None => format!("{line}\n"),
    });
    lines.chain(["\n".to_owned()]).collect()
}
