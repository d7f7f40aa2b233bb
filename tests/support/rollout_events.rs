//! Events of a rollout for tests of its journal.

use legacy_http_compat::{
    caller::{ClientVersion, Fingerprint},
    rollout::{
        Actor, Attempt, AttemptRefused, CheckReported, ClientRolledBack, ContractChanged,
        ContractDigest, DependenceWaived, Draft, Fact, FlagName, GateReport, Incident, IncidentId,
        Label, Link, Mode, Opened, Owner, Phase, PhaseChange, PolicyChanged, PolicyDocument,
        PostAnalysisFiled, ProcessStarted, Reason, Recovered, Summary, Timestamp, Waived,
        WaiverEnded,
    },
};
use serde_json::json;

pub(crate) fn draft(fact: Fact) -> Draft {
    draft_at(1_772_366_400_000, fact)
}

pub(crate) fn draft_at(unix_ms: u64, fact: Fact) -> Draft {
    let at = Timestamp::from_unix_ms(unix_ms);
    let actor = Actor::human("mara").unwrap();
    Draft::new(at, actor, Reason::new("as planned").unwrap(), fact)
}

pub(crate) fn label(name: &str) -> Label {
    Label::new(name).unwrap()
}

pub(crate) fn opened(phase: Phase) -> Fact {
    Fact::Opened(Opened {
        flag: FlagName::new("features.jobs.compat").unwrap(),
        phase,
        policy: PolicyDocument::new(json!({ "rollback_limit": "72h" })).unwrap(),
    })
}

pub(crate) fn changed(from: Phase, to: Phase) -> Fact {
    Fact::PhaseChanged(PhaseChange::new(from, to))
}

pub(crate) fn rollback(incident: &str) -> Fact {
    Fact::PhaseChanged(PhaseChange {
        incident: Some(IncidentId::new(incident).unwrap()),
        ..PhaseChange::new(Phase::Cutover, Phase::Compat)
    })
}

pub(crate) fn cutover(gates: Vec<GateReport>, overridden: &[&str]) -> Fact {
    Fact::PhaseChanged(PhaseChange {
        gates,
        overridden: overridden.iter().map(|name| label(name)).collect(),
        ..PhaseChange::new(Phase::Compat, Phase::Cutover)
    })
}

pub(crate) fn check(name: &str, green: bool) -> Fact {
    Fact::CheckReported(CheckReported {
        check: label(name),
        green,
        link: Some(Link::new("https://ci.example/runs/7").unwrap()),
    })
}

pub(crate) fn incident(id: &str) -> Incident {
    Incident {
        incident: IncidentId::new(id).unwrap(),
    }
}

pub(crate) fn waived(waived: Waived, until: u64) -> Fact {
    Fact::DependenceWaived(DependenceWaived {
        waived,
        owner: Owner::new("team probes").unwrap(),
        until: Timestamp::from_unix_ms(until),
    })
}

pub(crate) fn contract(byte: &str) -> Fact {
    Fact::ContractChanged(ContractChanged {
        digest: ContractDigest::new(byte.repeat(32)).unwrap(),
    })
}

pub(crate) fn post_analysis(rollback: u64) -> Fact {
    Fact::PostAnalysisFiled(PostAnalysisFiled {
        rollback,
        link: Link::new("https://wiki.example/pa/1?token=hidden").unwrap(),
        summary: Summary::new("a proxy took 200 for done, see \"hidden\"").unwrap(),
    })
}

pub(crate) fn started(mode: Mode) -> Fact {
    Fact::ProcessStarted(ProcessStarted { mode })
}

/// A sequence of events that follow one another, with every kind of them in it.
pub(crate) fn story() -> Vec<Fact> {
    let caller = Waived::Caller(Fingerprint::from_u128(0xfeed));
    let failing = GateReport::failed(label("legacy_quiet"), json!({ "dependent_answers": 3 }));
    let passing = GateReport::ok(label("coverage"), json!({ "ratio": 1 }));
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
        cause: Reason::new("a gate does not let pass").unwrap(),
        gates: vec![failing.clone(), passing.clone()],
    };
    let no_access = AttemptRefused {
        attempt: Attempt::Access,
        cause: Reason::new("no such token").unwrap(),
        gates: Vec::new(),
    };
    let policy = PolicyDocument::new(json!({ "processes": 1 })).unwrap();
    vec![
        opened(Phase::Compat),
        started(Mode::Active),
        contract("0a"),
        check("openapi", true),
        Fact::IncidentOpened(incident("INC-1")),
        Fact::IncidentClosed(incident("INC-1")),
        waived(caller.clone(), 1_800_000_000_000),
        waived(Waived::Kind(label("MCP")), 1_800_000_000_000),
        Fact::WaiverEnded(WaiverEnded { waived: caller }),
        Fact::PolicyChanged(PolicyChanged { policy }),
        Fact::AttemptRefused(refused),
        Fact::AttemptRefused(no_access),
        cutover(vec![failing, passing], &["legacy_quiet"]),
        rollback("INC-2"),
        Fact::ClientRolledBack(client),
        post_analysis(14),
        Fact::Recovered(Recovered { line: 17, bytes: 9 }),
        changed(Phase::Compat, Phase::Cutover),
        changed(Phase::Cutover, Phase::Retired),
        started(Mode::Inactive),
    ]
}
