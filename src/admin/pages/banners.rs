//! Warnings that every page shows.

use crate::{
    admin::{
        format::{counted, duration, grouped, listed, window},
        mount_path::{MountPath, query},
    },
    census::Report,
    rollout::{ObligationKind, Phase, RolloutStatus},
};

/// A warning above every page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Banner {
    /// Whether clients are affected, or the journal is.
    pub(crate) danger: bool,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Address and text.
    pub(crate) link: Option<(String, String)>,
}

/// All warnings, the most severe first.
pub(crate) fn banners(
    base: &MountPath,
    status: &RolloutStatus,
    report: Option<&Report>,
) -> Vec<Banner> {
    let journal = unrecorded(status).or_else(|| failing(status));
    let stranded = report.and_then(|report| stranded(base, status.state.phase, report));
    let overdue = status.overdue.iter();
    let overdue = overdue.map(|overdue| overdue_banner(base, *overdue, status));
    journal.into_iter().chain(stranded).chain(overdue).collect()
}

fn unrecorded(status: &RolloutStatus) -> Option<Banner> {
    let error = status.journal_error.as_deref().unwrap_or("unknown error");
    status.rollback_unrecorded.then(|| Banner {
        danger: true,
        title: "A rollback is not journaled yet".to_owned(),
        text: format!(
            "It has taken effect and the flag is on, but the journal could not be written ({error}). Writing is retried \
             every second; if this process ends before, the record is lost. Repair the journal, and do not restart."
        ),
        link: None,
    })
}

fn failing(status: &RolloutStatus) -> Option<Banner> {
    let error = status.journal_error.as_deref()?;
    Some(Banner {
        danger: true,
        title: "The journal is failing".to_owned(),
        text: format!(
            "{error}. No command but a rollback is executed until it can be written again."
        ),
        link: None,
    })
}

fn stranded(base: &MountPath, phase: Phase, report: &Report) -> Option<Banner> {
    let callers = report.all.stranded;
    let kinds = report.kinds.iter().filter(|kind| kind.counts.stranded > 0);
    let kinds: Vec<String> = kinds
        .map(|kind| format!("{} of {}", grouped(kind.counts.stranded), kind.kind))
        .collect();
    let advice = match phase {
        Phase::Observe => "The flag is off; this phase shows whether they cope.",
        Phase::Compat => "The flag is on, but their responses could not be rewritten.",
        Phase::Cutover => "If they fail, roll back.",
        Phase::Retired => "The flag is retired: they must be upgraded.",
    };
    let list = [("state", "stranded"), ("window", report.window.as_str())];
    (callers > 0).then(|| Banner {
        danger: phase != Phase::Observe,
        title: format!(
            "{} {} stranded",
            counted(callers, "caller"),
            if callers == 1 { "is" } else { "are" }
        ),
        text: format!(
            "{} depended on a legacy response in the last {} and got a target response. {advice}",
            listed(&kinds),
            window(&report.window)
        ),
        link: Some((
            format!("{base}/callers{}", query(&list)),
            "Show them".to_owned(),
        )),
    })
}

fn overdue_banner(base: &MountPath, overdue: ObligationKind, status: &RolloutStatus) -> Banner {
    let limit = duration(status.policy.rollback_limit);
    let (title, text, link) = match overdue {
        ObligationKind::EndRollback => (
            "The rollback is overdue",
            format!("The policy allows {limit}. Cut over again, or abort."),
            Some((
                base.link("/transition/cutover"),
                "Show the gates of the cutover".to_owned(),
            )),
        ),
        ObligationKind::PostAnalysis => {
            let first = status.state.open_post_analyses().next();
            (
                "A post-analysis is overdue",
                format!("The policy allows {limit} after the rollback."),
                first.map(|rollback| {
                    let page = format!("/post-analysis/{}", rollback.done.seq);
                    (base.link(&page), "File it".to_owned())
                }),
            )
        }
        _ => (
            "The retirement is overdue",
            "The deadline that the policy sets has passed.".to_owned(),
            Some((
                base.link("/transition/retire"),
                "Show the gates of the retirement".to_owned(),
            )),
        ),
    };
    Banner {
        danger: false,
        title: title.to_owned(),
        text,
        link,
    }
}
