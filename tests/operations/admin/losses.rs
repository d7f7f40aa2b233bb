//! What was cut off from a journal is an alarm: on the pages, in the API, for the alerts and on the command line.

use std::{fs, path::Path, sync::Arc, time::Duration};

use legacy_http_compat::{
    metrics::{Family, Source, Value},
    rollout::{
        event::Head,
        journal::{FileJournal, Journal},
    },
    time::ManualClock,
};
use serde_json::{Value as Json, json};

use super::{
    service::{MARA, START, TestService},
    temp_dir::TempDir,
};

const WEEK: Duration = Duration::from_secs(7 * 86_400);

async fn serving(journal: FileJournal) -> TestService {
    let journal: Arc<dyn Journal> = Arc::new(journal);
    TestService::open_with(|setup| setup.journal = journal).await
}

/// A journal on which a rollout was cut over, and its head.
async fn cut_over(path: &Path) -> Head {
    let service = serving(FileJournal::open(path).unwrap()).await;
    let order = json!({"to": "cutover", "reason": "quiet for a day"});
    service
        .operator()
        .post("/api/transitions", &order)
        .await
        .ok();
    let head = service.rollout.journal().head().unwrap();
    service.stop().await;
    head
}

/// Overview, status, and the gauge that the alert reads.
async fn shown(service: &TestService) -> (String, Json, Value) {
    let (browser, _) = service.signed_in(MARA).await;
    let page = browser.get("").await;
    assert_eq!(page.status, 200, "{page:?}");
    let status = service.viewer().get("/api/status").await.ok();
    let mut gauge = Value::from(0_u64);
    service
        .rollout
        .samples(&Family::JOURNAL_LOSSES, &mut |_, value| gauge = value);
    (page.text, status, gauge)
}

#[tokio::test]
async fn an_accepted_loss_is_an_alarm_for_good() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    let head = cut_over(&path).await;
    let text = fs::read_to_string(&path).unwrap();
    let first = text.split_inclusive('\n').next().unwrap();
    fs::write(&path, first).unwrap();
    let refused = FileJournal::open(&path).unwrap_err();
    assert_eq!(refused.recorded(), Some(head));

    let accepted = FileJournal::builder(&path).accept_loss(head).open();
    let service = serving(accepted.unwrap()).await;
    for _ in 0..2 {
        let (page, status, gauge) = shown(&service).await;
        assert!(page.contains("Recorded events were lost"), "{page}");
        assert!(page.contains("is kept beside the journal"), "{page}");
        assert_eq!(
            (&status["phase"], &status["flag"]),
            (&json!("cutover"), &json!("off"))
        );
        let loss = &status["losses"][0];
        assert_eq!(loss["recorded"], json!(head.to_string()), "{loss}");
        assert_eq!(gauge, Value::from(1_u64));
        service.pass(2 * WEEK);
    }
}

#[tokio::test]
async fn a_torn_line_is_an_alarm_for_a_week() {
    let directory = TempDir::new();
    let path = directory.path().join("journal");
    cut_over(&path).await;
    let whole = fs::read_to_string(&path).unwrap();
    fs::write(&path, format!("{whole}{{\"seq\":3,\"at\"")).unwrap();
    let clock = Arc::new(ManualClock::new(START));
    let journal = FileJournal::builder(&path).clock(clock).open();
    let service = serving(journal.unwrap()).await;
    let (page, status, gauge) = shown(&service).await;
    assert!(page.contains("A torn line was cut off"), "{page}");
    assert!(!page.contains("Recorded events were lost"), "{page}");
    assert_eq!(status["recoveries"][0]["bytes"], 13, "{status}");
    assert_eq!(status["losses"], json!([]));
    assert_eq!(gauge, Value::from(0_u64), "it was never acknowledged");

    service.pass(2 * WEEK);
    let (page, status, _) = shown(&service).await;
    assert!(!page.contains("A torn line was cut off"), "{page}");
    assert_eq!(status["recoveries"].as_array().unwrap().len(), 1);
}
