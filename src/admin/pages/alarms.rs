//! What must not be overlooked, whichever page somebody is on.

use super::{
    query::query,
    wording::{counted, grouped, listed, spoken, window},
};
use crate::{
    census::Report,
    rollout::{ObligationKind, Phase, RolloutStatus},
};

/// Something that must not be overlooked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Alarm {
    /// Whether people are being hurt now, or will be.
    pub(crate) danger: bool,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

/// All that must not be overlooked, the worst first.
pub(crate) fn alarms(base: &str, status: &RolloutStatus, report: Option<&Report>) -> Vec<Alarm> {
    let journal = unrecorded(status).or_else(|| failing(status));
    let stranded = report.and_then(|report| stranded(base, status.state.phase(), report));
    let overdue = status
        .overdue
        .iter()
        .map(|what| overdue(base, *what, status));
    journal.into_iter().chain(stranded).chain(overdue).collect()
}

fn unrecorded(status: &RolloutStatus) -> Option<Alarm> {
    let why = status
        .journal_error
        .as_deref()
        .unwrap_or("no reason is known");
    status.rollback_unrecorded.then(|| Alarm {
        danger: true,
        title: "A rollback is not on record yet".to_owned(),
        text: format!(
            "It took effect: the flag is on. But the journal did not take it ({why}). It is tried again every second, and is lost \
             if this process ends before. Make room for the journal, and do not restart."
        ),
        link: None,
    })
}

fn failing(status: &RolloutStatus) -> Option<Alarm> {
    let why = status.journal_error.as_deref()?;
    Some(Alarm {
        danger: true,
        title: "The journal fails".to_owned(),
        text: format!(
            "{why}. Until it can be written again nothing can be decided, but a rollback still works."
        ),
        link: None,
    })
}

fn stranded(base: &str, phase: Phase, report: &Report) -> Option<Alarm> {
    let callers = report.all.stranded;
    let kinds = report.kinds.iter().filter(|kind| kind.counts.stranded > 0);
    let kinds: Vec<String> = kinds
        .map(|kind| format!("{} of {}", grouped(kind.counts.stranded), kind.kind))
        .collect();
    let advice = match phase {
        Phase::Observe => "The flag is off; whether they cope is what this phase is there to see.",
        Phase::Compat => "The flag is on, but their answers could not be rewritten.",
        Phase::Cutover => "If they do not cope, roll back.",
        Phase::Retired => "The flag is gone for good: they have to be upgraded.",
    };
    let list = [("state", "stranded"), ("window", report.window.as_str())];
    (callers > 0).then(|| Alarm {
        danger: phase != Phase::Observe,
        title: format!(
            "{} {} stranded",
            counted(callers, "caller"),
            if callers == 1 { "is" } else { "are" }
        ),
        text: format!(
            "{} needed an old answer in the last {} and got a new one. {advice}",
            listed(&kinds),
            window(&report.window)
        ),
        link: Some((
            format!("{base}/callers{}", query(&list)),
            "See who".to_owned(),
        )),
    })
}

fn overdue(base: &str, what: ObligationKind, status: &RolloutStatus) -> Alarm {
    let limit = spoken(status.policy.rollback_limit());
    let (title, text, link) = match what {
        ObligationKind::EndRollback => (
            "The rollback lasts too long",
            format!("The policy allows {limit}. Cut over again, or give up the rollout."),
            Some((
                format!("{base}/transition/cutover"),
                "See what the cutover needs".to_owned(),
            )),
        ),
        ObligationKind::PostAnalysis => {
            let mut due = status.state.open_post_analyses();
            let first = due.next().map(|rollback| rollback.done.seq);
            (
                "A post-analysis is overdue",
                format!("The policy allows {limit} after the rollback."),
                first.map(|seq| (format!("{base}/post-analysis/{seq}"), "File it".to_owned())),
            )
        }
        ObligationKind::Retirement => (
            "Flag and code should be gone",
            "The time that the policy sets for the retirement has passed.".to_owned(),
            Some((
                format!("{base}/transition/retire"),
                "See what the retirement needs".to_owned(),
            )),
        ),
    };
    Alarm {
        danger: false,
        title: title.to_owned(),
        text,
        link,
    }
}
