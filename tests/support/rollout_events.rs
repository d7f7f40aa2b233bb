//! Events of a rollout for tests of its journal.

use legacy_http_compat::time::Timestamp;
use legacy_http_compat::{
    caller::{ClientVersion, Fingerprint},
    rollout::{
        Phase,
        event::{
            Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged,
            DependenceWaived, EventPayload, Head, Incident, InstanceWrittenOff, LossAccepted,
            NewEvent, Opened, PhaseChange, PolicyChanged, PostAnalysisFiled, Recovered,
            RollbackExtended, RollbackTaken, WaiverEnded,
        },
        gate::GateReport,
        names::{
            Actor, ContractDigest, FlagName, Identifier, IncidentId, InstanceId, Link, Owner,
            Reason, Summary, WaiverTarget,
        },
        policy::{Policy, PolicyDocument},
    },
};
use serde_json::json;

pub(crate) fn draft(payload: EventPayload) -> NewEvent {
    draft_at(1_772_366_400_000, payload)
}

pub(crate) fn draft_at(unix_ms: u64, payload: EventPayload) -> NewEvent {
    let at = Timestamp::from_unix_ms(unix_ms);
    let actor = Actor::human("mara").unwrap();
    NewEvent::new(at, actor, Reason::new("as planned").unwrap(), payload)
}

pub(crate) fn label(name: &str) -> Identifier {
    Identifier::new(name).unwrap()
}

pub(crate) fn opened(phase: Phase) -> EventPayload {
    EventPayload::Opened(Opened {
        flag: FlagName::new("features.jobs.compat").unwrap(),
        phase,
        policy: PolicyDocument::new(json!({ "rollback_limit": "72h" })).unwrap(),
        loosened: Vec::new(),
    })
}

pub(crate) fn changed(from: Phase, to: Phase) -> EventPayload {
    EventPayload::PhaseChanged(PhaseChange::new(from, to))
}

pub(crate) fn rollback(cutover: u64, incident: &str) -> EventPayload {
    EventPayload::RollbackTaken(RollbackTaken {
        cutover,
        instance: None,
        incident: IncidentId::new(incident).unwrap(),
        gates: Vec::new(),
    })
}

pub(crate) fn cutover(gates: Vec<GateReport>, overridden: &[&str]) -> EventPayload {
    EventPayload::PhaseChanged(PhaseChange {
        gates,
        overridden: overridden.iter().map(|name| label(name)).collect(),
        ..PhaseChange::new(Phase::Compat, Phase::Cutover)
    })
}

pub(crate) fn check(name: &str, green: bool) -> EventPayload {
    EventPayload::CheckReported(CheckReported {
        check: label(name),
        green,
        link: Some(Link::new("https://ci.example/runs/7").unwrap()),
        contract_digest: None,
    })
}

pub(crate) fn incident(id: &str) -> Incident {
    Incident {
        incident: IncidentId::new(id).unwrap(),
    }
}

pub(crate) fn waived(waived: WaiverTarget, until: u64) -> EventPayload {
    EventPayload::DependenceWaived(DependenceWaived {
        target: waived,
        owner: Owner::new("team probes").unwrap(),
        until: Timestamp::from_unix_ms(until),
    })
}

pub(crate) fn contract(byte: &str) -> EventPayload {
    EventPayload::ContractChanged(ContractChanged {
        beside: Vec::new(),
        detector: std::iter::once(("AGENT".parse().unwrap(), "0a".repeat(16).parse().unwrap()))
            .collect(),
        digest: ContractDigest::new(byte.repeat(32)).unwrap(),
    })
}

pub(crate) fn post_analysis(rollback: u64) -> EventPayload {
    EventPayload::PostAnalysisFiled(PostAnalysisFiled {
        rollback,
        link: Link::new("https://wiki.example/pa/1?token=hidden").unwrap(),
        summary: Summary::new("a proxy took 200 for done, see \"hidden\"").unwrap(),
    })
}

pub(crate) fn extended(rollback: u64, until: u64) -> EventPayload {
    EventPayload::RollbackExtended(RollbackExtended {
        rollback,
        until: Timestamp::from_unix_ms(until),
    })
}

pub(crate) fn loss(phase: Option<Phase>) -> EventPayload {
    EventPayload::LossAccepted(LossAccepted {
        recorded: None,
        found: Head::NONE,
        phase,
    })
}

/// The last of a policy's changes, which loosens it.
pub(crate) fn policy_changed() -> EventPayload {
    let from = Policy {
        min_responses: 200,
        ..Policy::default()
    };
    EventPayload::PolicyChanged(PolicyChanged {
        policy: PolicyDocument::new(json!({ "processes": 1 })).unwrap(),
        differences: from.differences(&Policy::default()),
    })
}

/// A sequence of events that follow one another, with every kind of them in it.
pub(crate) fn story() -> Vec<EventPayload> {
    let caller = WaiverTarget::Caller(Fingerprint::from_u128(0xfeed));
    let failing = GateReport::new(
        label("no_dependent_responses"),
        false,
        json!({ "dependent_responses": 3 }),
    );
    let passing = GateReport::new(label("coverage"), true, json!({ "ratio": 1 }));
    let client = ClientRolledBack {
        kind: label("AGENT"),
        version: ClientVersion::parse("1.9.3").unwrap(),
        incident: Some(IncidentId::new("INC-2").unwrap()),
    };
    let refused = AttemptRefused {
        attempt: Attempt::Transition {
            from: Phase::Compat,
            to: Phase::Cutover,
        },
        cause: Reason::new("a gate fails").unwrap(),
        gates: vec![failing.clone(), passing.clone()],
    };
    let no_access = AttemptRefused {
        attempt: Attempt::Access,
        cause: Reason::new("no such token").unwrap(),
        gates: Vec::new(),
    };
    vec![
        opened(Phase::Compat),
        loss(None),
        contract("0a"),
        check("openapi", true),
        EventPayload::IncidentOpened(incident("INC-1")),
        EventPayload::IncidentClosed(incident("INC-1")),
        waived(caller.clone(), 1_800_000_000_000),
        waived(WaiverTarget::Kind(label("MCP")), 1_800_000_000_000),
        EventPayload::WaiverEnded(WaiverEnded { target: caller }),
        policy_changed(),
        EventPayload::AttemptRefused(refused),
        EventPayload::AttemptRefused(no_access),
        cutover(vec![failing, passing], &["no_dependent_responses"]),
        rollback(13, "INC-2"),
        extended(14, 1_800_000_000_000),
        post_analysis(14),
        EventPayload::Recovered(Recovered { line: 17, bytes: 9 }),
        changed(Phase::Compat, Phase::Cutover),
        changed(Phase::Cutover, Phase::Retired),
        EventPayload::ClientRolledBack(client),
        EventPayload::InstanceWrittenOff(InstanceWrittenOff {
            instance: InstanceId::new("core-7f9").unwrap(),
        }),
    ]
}
