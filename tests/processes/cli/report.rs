//! `report`.

use legacy_http_compat::rollout::{
    Phase,
    event::{EventPayload, NewEvent, PostAnalysisFiled},
    names::{Actor, Link, Reason, Summary},
};
use legacy_http_compat::time::Timestamp;
use serde_json::json;

use super::{
    events,
    journals::OnDisk,
    run::{Ran, run},
};

const START: u64 = 1_772_366_400_000;
const HOUR: u64 = 3_600_000;

fn report(journal: &OnDisk) -> Ran {
    run(["report".as_ref(), journal.path().as_os_str()])
}

fn report_json(journal: &OnDisk) -> serde_json::Value {
    let path = journal.path();
    run(["report".as_ref(), "--json".as_ref(), path.as_os_str()])
        .ends(0)
        .json()
}

/// Opened, cut over, rolled back for five hours, analysed, cut over again.
fn rolled_back_once() -> OnDisk {
    let at = |hours, payload| events::draft_at(START + hours * HOUR, payload);
    OnDisk::of_drafts(vec![
        at(0, events::opened(Phase::Compat)),
        at(10, events::changed(Phase::Compat, Phase::Cutover)),
        at(12, events::rollback(2, "INC-7")),
        at(14, events::post_analysis(3)),
        at(17, events::changed(Phase::Compat, Phase::Cutover)),
    ])
}

#[test]
fn a_report_tells_rollbacks_with_their_durations_and_post_analyses() {
    let ran = report(&rolled_back_once());
    ran.ends(0).says("# Rollout of features.jobs.compat\n");
    ran.says("- Phase: **cutover** since 2026-03-02T05:00:00.000Z");
    ran.says("- Event 3, 2026-03-02T00:00:00.000Z, incident INC-7: by human mara: as planned");
    ran.says("  - ended 2026-03-02T05:00:00.000Z after 5h, by human mara");
    ran.says("  - post-analysis: <https://wiki.example/pa/1?token=hidden>, filed 2026-03-02T02:00:00.000Z");
    ran.says(
        "| 3 | 2026-03-02T00:00:00.000Z | human mara | **rolled back** the cutover of event 2, incident INC-7 |",
    );
    assert_eq!(ran.err, "");
}

#[test]
fn a_report_in_json_has_every_event_and_every_duration() {
    let report = report_json(&rolled_back_once());
    assert_eq!(report["status"]["phase"], "cutover");
    assert_eq!(
        report["status"]["rollbacks"][0]["duration_seconds"],
        5 * 3_600
    );
    assert_eq!(report["status"]["rollbacks"][0]["running"], false);
    assert_eq!(
        report["status"]["rollbacks"][0]["post_analysis"]["filed"]["seq"],
        4
    );
    assert_eq!(report["events"].as_array().unwrap().len(), 5);
    assert_eq!(
        report["events"][4]["payload"]["phase_changed"]["to"],
        "cutover"
    );
}

#[test]
fn a_rollback_that_runs_and_was_not_analysed_says_so() {
    let journal = OnDisk::of(vec![
        events::opened(Phase::Compat),
        events::changed(Phase::Compat, Phase::Cutover),
        events::rollback(2, "INC-8"),
    ]);
    let ran = report(&journal);
    ran.ends(0)
        .says("**running** for ")
        .says("post-analysis: **due**");
    ran.says("(**overdue**)");
    assert_eq!(
        report_json(&journal)["rollbacks"][0]["post_analysis"],
        json!(null)
    );
}

#[test]
fn every_kind_of_event_is_in_the_timeline_and_in_its_section() {
    let ran = report(&OnDisk::story());
    ran.ends(0);
    for seq in 1..=24 {
        ran.says(&format!(
            "\n| {seq} | 2026-03-01T12:00:00.000Z | human mara | "
        ));
    }
    for text in [
        "opened in **compat** for features.jobs.compat",
        "**loss** of recorded events accepted",
        r"policy changed: /min\_responses\: 200 to 100 \(looser\)",
        "**rolled back** the cutover of event 13, incident INC-2",
        "rollback of event 14 extended until 2027-01-15T08:00:00.000Z",
        "check openapi green <https://ci.example/runs/7>",
        "incident INC-1 opened",
        "incident INC-1 closed",
        "waived kind MCP until 2027-01-15T08:00:00.000Z",
        r"waiver ended: caller psd\_0000000000000000000000000000feed",
        r"refused: compat to cutover, a gate fails; failing: no\_dependent\_responses",
        "refused: access, no such token",
        r"**compat** to **cutover**, **override** of no\_dependent\_responses",
        "AGENT rolled back to 1.9.3",
        "post-analysis of event 14",
        "torn line 17 cut off (9 bytes)",
        "- Event 13, 2026-03-01T12:00:00.000Z, by human mara: as planned\n",
        "  - no\\_dependent\\_responses: {\"dependent\\_responses\"\\:3}\n",
        "## Client versions rolled back\n\n- AGENT to 1.9.3, incident INC-2;",
    ] {
        ran.says(text);
    }
    let report = report_json(&OnDisk::story());
    let loosened = &report["status"]["overrides"][0]["loosened"];
    assert_eq!(loosened[0]["member"], "/min_responses");
    assert_eq!(
        report["status"]["overrides"][1]["gates"],
        json!(["no_dependent_responses"])
    );
    assert_eq!(report["status"]["client_rollbacks"][0]["version"], "1.9.3");
    assert_eq!(
        report["recoveries"][0]["torn"],
        json!({ "line": 17, "bytes": 9 })
    );
}

/// Events whose every text tries to be more than text.
fn hostile() -> OnDisk {
    let draft = |reason: &str, payload| {
        let actor = Actor::human("<img src=x onerror=alert(1)>").unwrap();
        NewEvent::new(
            Timestamp::from_unix_ms(START),
            actor,
            Reason::new(reason).unwrap(),
            payload,
        )
    };
    let rollback = events::rollback(2, "[x](javascript:alert(1))");
    let analysis = PostAnalysisFiled {
        rollback: 3,
        link: Link::new("https://wiki.example/a|b").unwrap(),
        summary: Summary::new("- 1. # **bold** `code` @all #1 $x$ &lt; www.evil.example ~~a~~")
            .unwrap(),
    };
    OnDisk::of_drafts(vec![
        draft("| a | b |", events::opened(Phase::Compat)),
        draft("<script>", events::changed(Phase::Compat, Phase::Cutover)),
        draft("a \\| b", rollback),
        draft("# heading", EventPayload::PostAnalysisFiled(analysis)),
    ])
}

/// The text without what has a backslash before it.
fn without_escapes(markdown: &str) -> String {
    let mut rest = markdown.chars();
    let mut bare = String::new();
    while let Some(c) = rest.next() {
        if c == '\\' {
            rest.next();
        } else {
            bare.push(c);
        }
    }
    bare
}

#[test]
fn text_from_outside_stays_text_in_markdown() {
    let ran = report(&hostile());
    ran.ends(0);
    let bare = without_escapes(&ran.out);
    for raw in [
        "<img", "<script", "](", "**bold", "`code", "@all", "#1", "$x", "&lt;", "www.evil", "~~a",
    ] {
        assert!(!bare.contains(raw), "{raw:?} in\n{bare}");
    }
    ran.says(r"\[x\]\(javascript\:alert\(1\)\)");
    ran.says(r"\- 1. \# \*\*bold\*\* \`code\` \@all \#1 \$x\$ \&lt; www\.evil.example \~\~a\~\~");
    ran.says("<https://wiki.example/a%7Cb>");
}

#[test]
fn every_row_of_the_timeline_has_five_cells_whatever_stands_in_it() {
    let ran = report(&hostile());
    let timeline = ran.out.split("## Timeline").nth(1).unwrap();
    let rows: Vec<&str> = timeline
        .lines()
        .filter(|line| line.starts_with('|'))
        .collect();
    assert_eq!(rows.len(), 2 + 4);
    for row in rows {
        let bars = row
            .replace(r"\\", "")
            .replace(r"\|", "")
            .matches('|')
            .count();
        assert_eq!(bars, 6, "{row}");
    }
}
