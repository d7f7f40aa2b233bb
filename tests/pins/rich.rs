//! Services in which much has happened.

use std::{sync::Arc, time::Duration};

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    census::Dependence,
    rollout::{
        event::EventPayload,
        journal::{Journal as _, MemoryJournal},
        names::FlagName,
        policy::{AutoRollback, Policy},
    },
};
use serde_json::{Value, json};

use crate::{client::Client, events, response::Answer, service::TestService};

const HOUR: Duration = Duration::from_secs(3_600);

/// Mara, whose requests are tied together.
pub(crate) fn mara(service: &TestService) -> Client {
    service.operator().with("x-correlation-id", "req-17")
}

pub(crate) fn policy() -> Policy {
    let required = ["openapi", "client_compat"];
    Policy {
        required_checks: required.map(|check| check.parse().unwrap()).into(),
        auto_rollback: Some(AutoRollback {
            window: HOUR,
            stranded_callers: Some(50),
            stranded_percent: Some(12.5),
        }),
        retire_by: Some(Timestamp::from_unix_ms(1_900_000_000_000)),
        ..Policy::default()
    }
}

/// A rollback that runs, owes its analysis and is late; waivers, checks, an override, refusals, clients gone back.
pub(crate) async fn troubled() -> TestService {
    let service = busy().await;
    for (path, body) in reports() {
        mara(&service).post(path, &body).await.ok();
    }
    let refused = cut_over(&service, &json!([])).await;
    cut_over(&service, &refused.json()["failing"]).await.ok();
    service.poll().await;
    let rollback = json!({"incident": "INC-2", "reason": "pollers give up"});
    mara(&service).post("/api/rollbacks", &rollback).await.ok();
    service.pass(73 * HOUR);
    service
}

/// Callers of all kinds, and nothing in trouble yet.
pub(crate) async fn busy() -> TestService {
    let service = TestService::open_with(|setup| setup.policy = policy()).await;
    seen(&service).await;
    service
}

async fn seen(service: &TestService) {
    service.tick();
    service.poll().await;
    for (kind, number, dependence) in [
        ("AGENT", 1, Dependence::Served),
        ("AGENT", 2, Dependence::Stranded),
        ("UI_RUST", 3, Dependence::Served),
        ("MCP", 9, Dependence::None),
    ] {
        service.see(kind, number, dependence);
        service.clock.advance(Duration::from_secs(1));
    }
    service.pass(Duration::from_secs(60));
}

fn reports() -> Vec<(&'static str, Value)> {
    let caller = "caller psd_00000000000000000000000000000001";
    vec![
        (
            "/api/checks",
            json!({"check": "openapi", "green": true, "link": "https://ci.example/7", "reason": "run 7"}),
        ),
        (
            "/api/checks",
            json!({"check": "client_compat", "green": false, "reason": "run 8"}),
        ),
        (
            "/api/waivers",
            json!({"target": "kind MCP", "owner": "team probes", "until": "2030-01-01T00:00:00Z", "reason": "a probe"}),
        ),
        (
            "/api/waivers",
            json!({"target": caller, "owner": "mara", "until": "2027-01-16T00:00:00Z", "reason": "her own"}),
        ),
        (
            "/api/client-rollbacks",
            json!({"kind": "AGENT", "version": "1.4.2", "incident": "INC-1", "reason": "crash loop"}),
        ),
    ]
}

async fn cut_over(service: &TestService, overridden: &Value) -> Answer {
    let order = json!({"to": "cutover", "override": overridden, "reason": "it goes tonight"});
    mara(service).post("/api/transitions", &order).await
}

/// A service whose journal has every kind of event.
pub(crate) async fn storied() -> TestService {
    let journal = Arc::new(MemoryJournal::new());
    for mut payload in events::story() {
        if let EventPayload::Opened(opened) = &mut payload {
            let flag = FlagName::new("features.auth.device_flow.compat_legacy_http");
            opened.flag = flag.unwrap();
        }
        journal
            .append(journal.head().unwrap(), events::draft(payload))
            .unwrap();
    }
    TestService::open_with(|setup| setup.journal = journal).await
}
