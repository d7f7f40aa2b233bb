//! Whether anybody still gets, or misses, a legacy answer.

use std::time::Duration;

use serde_json::json;

use super::{context::GateContext, verdict::Verdict, waivers::Waivers};
use crate::census::{Census, Report, Select, Window};

/// The coarsest rounding of [`Report::responses_since`].
const ROUNDING: Duration = Duration::from_secs(15 * 60);

/// How many of those in the way the evidence names.
const SHOWN: usize = 10;

/// No dependent answer at all in the window, whoever got it, waived callers aside, and one contract all through it.
///
/// Whose answers are waived cannot be read off the counts alone, since those are kept by kind. So two things are asked.
/// No known caller that is not waived may have a dependent answer in the window. And of the answers counted, those of
/// waived kinds aside, no more may be left than the waived callers can have got, which is at most all they ever got.
/// Where waived callers got many, this second question is the weaker one; the first is not.
pub(super) fn verdict(context: &GateContext<'_>) -> Verdict {
    let Some(census) = context.census else {
        return Verdict::unknown("no census is attached");
    };
    let Some(contract) = context.state.contract() else {
        return Verdict::unknown("no contract is journaled");
    };
    let window = context.window();
    let report = census.report(window);
    let waivers = Waivers::of(context.state, context.now);
    let (callers, shown) = callers(census, window, &waivers);
    let responses = unexplained(&report, census, window, &waivers);
    let anonymous = anonymous(&report, &waivers);
    let estimated = report.estimate.map_or(0, |estimate| estimate.dependent);
    let settled = context.now.since(contract.since.at) >= window.length();
    let quiet = [callers, responses, anonymous, estimated] == [0; 4];
    let evidence = json!({
        "window": report.window,
        "dependent_responses": report.all.responses.dependent,
        "in_the_way": { "callers": callers, "responses": responses, "anonymous_responses": anonymous, "estimated_callers": estimated },
        "callers": shown,
        "contract_since": contract.since.at,
        "contract_settled": settled,
    });
    Verdict::new(quiet && settled, evidence)
}

/// How many callers that are not waived have a dependent answer in the window, and the first of them.
fn callers(census: &Census, window: Window, waivers: &Waivers) -> (u64, Vec<String>) {
    let (mut count, mut shown) = (0, Vec::new());
    census.each_caller(window, Select::Depended, |row| {
        if !waivers.cover(&row) {
            count += 1;
            if shown.len() < SHOWN {
                shown.push(row.fingerprint.to_string());
            }
        }
    });
    (count, shown)
}

/// Dependent answers of callers with a fingerprint that waived callers cannot account for.
fn unexplained(report: &Report, census: &Census, window: Window, waivers: &Waivers) -> u64 {
    let kinds = report.kinds.iter();
    let responses = kinds.filter(|kind| !waivers.cover_kind(&kind.kind));
    let responses = responses.map(|kind| kind.counts.responses);
    let responses: u64 = responses
        .map(|responses| {
            responses
                .dependent
                .saturating_sub(responses.dependent_anonymous)
        })
        .sum();
    // The counts reach back further than the window.
    let reach = Window::new(window.length() + ROUNDING).unwrap_or(Window::MONTH);
    let mut waived: u64 = 0;
    census.each_caller(reach, Select::Depended, |row| {
        // Those of a waived kind are not among the answers that are left.
        if waivers.cover(&row) && !waivers.cover_kind(&row.kind) {
            waived = waived.saturating_add(row.dependent_responses.into());
        }
    });
    responses.saturating_sub(waived)
}

/// Dependent answers of callers without one.
fn anonymous(report: &Report, waivers: &Waivers) -> u64 {
    if waivers.cover_anonymous() {
        return 0;
    }
    let kinds = report.kinds.iter();
    let kinds = kinds.filter(|kind| !waivers.cover_kind(&kind.kind));
    kinds
        .map(|kind| kind.counts.responses.dependent_anonymous)
        .sum()
}
