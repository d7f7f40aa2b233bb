//! The gates that judge by the census.

use std::collections::BTreeSet;

use super::gate::{GateContext, MAX_LISTED, Verdict};
use crate::{
    caller::Fingerprint,
    census::{
        CallerState, Census, Counts, Report, Window,
        judge::{JudgedCaller, RulesChange},
        watched_time::{Stretch, WatchedTime, WindowRules},
    },
    rollout::{
        evidence::{
            AllCallersResolvedEvidence, BlockingCallers, BlockingDependents, CoverageEvidence,
            Evidence, NoDependentResponsesEvidence, UnknownReason, WatchedWindow, WindowRestart,
        },
        policy::BlockingLatent,
        state::WaiverCover,
    },
    time::Timestamp,
};

/// No dependent response in the quiet window, waived callers aside, under one contract and one detector: the traffic of
/// known callers has stopped.
pub(super) fn no_dependent_responses(context: &GateContext<'_>) -> Verdict {
    let census = context.census()?;
    context
        .state
        .contract
        .as_ref()
        .ok_or(UnknownReason::NoContract)?;
    let waivers = WaiverCover::new(context.state, context.now);
    let (time, stretch, restarts) = window(census, context, &waivers, context.window());
    let mut dependent = Distinct::default();
    let report = census.judge(&time, &stretch, |caller| {
        if caller.depended && !waivers.covers_caller(caller.fingerprint, caller.kind) {
            dependent.add(caller);
        }
    });
    let unwaived = Unwaived::of(&report, &waivers);
    let blocking = BlockingDependents {
        callers: dependent.number,
        unplaced_responses: unwaived.dependent_unplaced,
        anonymous_responses: unwaived.dependent_anonymous,
        estimated_callers: unwaived.estimated_dependent,
    };
    let passed = blocking == BlockingDependents::default() && stretch.is_watched();
    let evidence = NoDependentResponsesEvidence {
        window: stretch.window,
        watched: watched(&stretch, context.now),
        dependent_responses: report.all.responses.dependent,
        blocking,
        only_anonymous: blocking.anonymous_responses > 0
            && blocking.callers + blocking.estimated_callers + blocking.unplaced_responses == 0,
        callers: dependent.listed,
        restarts,
    };
    Ok((passed, Evidence::NoDependentResponses(evidence)))
}

/// Every caller that depended or may has migrated, is waived or is gone, and so is every anonymous one; and callers that
/// were never met were silent for a window that was watched, too.
///
/// A policy may accept that nothing is known of the latter; silence of a caller that was met counts only where it would have
/// been heard. Callers that the census has forgotten were inactive for its retention time, which is longer than any window.
pub(super) fn all_callers_resolved(context: &GateContext<'_>) -> Verdict {
    let census = context.census()?;
    let (policy, waivers) = (context.policy, WaiverCover::new(context.state, context.now));
    let (time, mut stretch, restarts) = window(census, context, &waivers, policy.inactive_after);
    let is_watched = stretch.is_watched();
    let watched = watched(&stretch, context.now);
    if policy.accept_unwatched && !is_watched {
        stretch = time.plain(policy.inactive_after);
    }
    let mut found = Unresolved::default();
    let report = census.judge(&time, &stretch, |caller| {
        found.add(caller, &waivers, policy.latent);
    });
    let unfollowed = Unwaived::of(&census.unfollowed(&time, &stretch), &waivers);
    let blocking = found.blocking(&unfollowed, policy.latent);
    let evidence = AllCallersResolvedEvidence {
        inactive_after: policy.inactive_after,
        watched,
        accept_unwatched: policy.accept_unwatched,
        migrated: report.all.migrated,
        waived: found.waived.number,
        inactive: found.inactive.number,
        latent: report.all.latent,
        latent_anonymous_responses: report.all.responses.latent_anonymous,
        forgotten_dependents: report.all.forgotten_dependents,
        blocking,
        only_anonymous: blocking.is_anonymous_only(),
        due_until: found.due_until,
        callers: found.listed(),
        snapshots_lost: snapshots_lost(&report),
        restarts,
    };
    let silence_counts = is_watched || policy.accept_unwatched && evidence.inactive == 0;
    let passed =
        blocking == BlockingCallers::default() && silence_counts && evidence.snapshots_lost == 0;
    Ok((passed, Evidence::AllCallersResolved(evidence)))
}

/// The window was watched, no census data was lost, there was traffic, and the census saw all of it: it is of all processes, or
/// there is one.
pub(super) fn coverage(context: &GateContext<'_>) -> Verdict {
    let census = context.census()?;
    let policy = context.policy;
    let time = census.watched_time(policy.max_silence);
    let stretch = time.stretch(rules(context, context.window()), 0);
    let report = census.judge(&time, &stretch, |_| {});
    let evidence = CoverageEvidence {
        window: stretch.window,
        watched: watched(&stretch, context.now),
        min_ratio: policy.coverage_ratio,
        overflowed: report.overflowed(),
        snapshots_lost: snapshots_lost(&report),
        responses: report.all.responses.all,
        min_responses: policy.min_responses,
        processes: policy.processes,
        shared: context.census_is_shared,
    };
    let passed = stretch.is_watched()
        && evidence.snapshots_lost == 0
        && evidence.responses >= evidence.min_responses
        && (evidence.processes == 1 || evidence.shared);
    Ok((passed, Evidence::Coverage(evidence)))
}

/// The stretch of a window, which begins after the last change of the rules for kinds that are not waived.
fn window(
    census: &Census,
    context: &GateContext<'_>,
    waivers: &WaiverCover,
    window: Window,
) -> (WatchedTime, Stretch, Vec<WindowRestart>) {
    let time = census.watched_time(context.policy.max_silence);
    let concerns = |kind: &str| !waivers.covers_kind(kind);
    let (stretch, changes) = census.stretch(&time, rules(context, window), concerns);
    let restart = |RulesChange { kind, at }| WindowRestart { kind, at };
    (time, stretch, changes.into_iter().map(restart).collect())
}

fn rules(context: &GateContext<'_>, window: Window) -> WindowRules {
    WindowRules {
        window,
        min_ratio: context.policy.coverage_ratio,
    }
}

fn watched(stretch: &Stretch, now: Timestamp) -> WatchedWindow {
    let ready_at = now.plus(std::time::Duration::from_millis(stretch.missing_ms()));
    WatchedWindow {
        stretch_ms: stretch.length_ms,
        watched_ms: stretch.watched_ms,
        ratio: stretch.ratio(),
        gaps: stretch.gaps,
        ready_at: (!stretch.is_watched()).then_some(ready_at),
    }
}

/// Snapshots given up in the stretch of a report, whose data is lost.
fn snapshots_lost(report: &Report) -> usize {
    let start = report.at.unix_ms().saturating_sub(report.window_ms);
    let lost = report.losses.iter();
    lost.filter(|loss| loss.at.unix_ms() >= start).count()
}

/// Callers, each once under however many kinds it was seen.
#[derive(Debug, Default)]
struct Distinct {
    number: u64,
    /// The first of them.
    listed: Vec<String>,
    /// Those that may come again.
    shared: BTreeSet<Fingerprint>,
}

impl Distinct {
    fn add(&mut self, caller: &JudgedCaller<'_>) {
        if caller.shared && !self.shared.insert(caller.fingerprint) {
            return;
        }
        self.number += 1;
        if self.listed.len() < MAX_LISTED {
            self.listed.push(caller.fingerprint.to_string());
        }
    }
}

/// Callers that may still depend.
#[derive(Debug, Default)]
struct Unresolved {
    waived: Distinct,
    inactive: Distinct,
    /// Dependent and inconclusive ones.
    dependent: Distinct,
    /// The latent ones that block.
    latent: Distinct,
    /// Those that only silence resolves, and that are due.
    due: Distinct,
    /// Until when the last of these is.
    due_until: Option<Timestamp>,
}

impl Unresolved {
    fn add(&mut self, caller: &JudgedCaller<'_>, waivers: &WaiverCover, latent: BlockingLatent) {
        let blocks = caller.has_depended || blocks(latent, caller.identified);
        let group = match caller.state {
            CallerState::NeverDependent | CallerState::Migrated if caller.due.is_none() => return,
            _ if waivers.covers_caller(caller.fingerprint, caller.kind) => &mut self.waived,
            _ if !blocks => return,
            CallerState::Latent => &mut self.latent,
            CallerState::Dependent | CallerState::Inconclusive => &mut self.dependent,
            _ if caller.due.is_none() => &mut self.inactive,
            _ => {
                self.due_until = self.due_until.max(caller.due);
                &mut self.due
            }
        };
        group.add(caller);
    }

    fn blocking(&self, unwaived: &Unwaived, latent: BlockingLatent) -> BlockingCallers {
        let (latent_callers, latent_responses) = match latent {
            BlockingLatent::Identified => (unwaived.estimated_latent_identified, 0),
            BlockingLatent::All => (unwaived.estimated_latent, unwaived.latent_anonymous),
            BlockingLatent::Ignore => (0, 0),
        };
        BlockingCallers {
            callers: self.dependent.number,
            latent: self.latent.number,
            due: self.due.number,
            estimated_callers: unwaived.estimated_dependent.saturating_add(latent_callers),
            anonymous_responses: unwaived
                .dependent_anonymous
                .saturating_add(latent_responses),
        }
    }

    /// The first callers that block.
    fn listed(self) -> Vec<String> {
        let groups = [self.dependent, self.latent, self.due];
        let listed = groups.into_iter().flat_map(|group| group.listed);
        listed.take(MAX_LISTED).collect()
    }
}

/// Whether a latent caller blocks.
const fn blocks(latent: BlockingLatent, identified: bool) -> bool {
    match latent {
        BlockingLatent::Identified => identified,
        BlockingLatent::All => true,
        BlockingLatent::Ignore => false,
    }
}

/// What a report shows of callers that are not known one by one, those of waived kinds aside.
#[derive(Debug, Default)]
struct Unwaived {
    dependent_unplaced: u64,
    /// 0 where anonymous callers are waived, as below.
    dependent_anonymous: u64,
    latent_anonymous: u64,
    estimated_dependent: u64,
    estimated_latent: u64,
    estimated_latent_identified: u64,
}

impl Unwaived {
    fn of(report: &Report, waivers: &WaiverCover) -> Self {
        let mut unwaived = Self::default();
        let kinds = report.kinds.iter();
        for kind in kinds.filter(|kind| !waivers.covers_kind(&kind.kind)) {
            unwaived.add(&kind.counts);
        }
        if waivers.covers_anonymous() {
            unwaived.dependent_anonymous = 0;
            unwaived.latent_anonymous = 0;
        }
        unwaived
    }

    fn add(&mut self, counts: &Counts) {
        let (responses, unplaced) = (&counts.responses, &counts.unplaced);
        for (sum, more) in [
            (&mut self.dependent_unplaced, responses.dependent_unplaced),
            (&mut self.dependent_anonymous, responses.dependent_anonymous),
            (&mut self.latent_anonymous, responses.latent_anonymous),
            (&mut self.estimated_dependent, unplaced.dependent),
            (&mut self.estimated_latent, unplaced.latent),
            (
                &mut self.estimated_latent_identified,
                unplaced.latent_identified,
            ),
        ] {
            *sum = sum.saturating_add(more);
        }
    }
}
