//! The page of waivers: granting one, and ending those in force.

use std::time::Duration;

use askama::Template;

use super::{
    layout::{Layout, PageContext},
    submitted_form::FormError,
    time_tag::{Attribution, TimeTag},
};
use crate::{
    admin::{command::Form, mount_path::query},
    rollout::{Waiver, names::WaiverTarget},
};

/// The page of waivers.
#[derive(Debug, Template)]
#[template(path = "waive.html", config = "src/admin/pages/templates/askama.toml")]
pub(crate) struct WaiversPage {
    layout: Layout,
    kinds: Vec<String>,
    granted: Vec<WaiverRow>,
    form: Form,
    error: Option<FormError>,
}

#[derive(Debug)]
struct WaiverRow {
    target: String,
    /// The list of the callers that it covers.
    href: String,
    owner: String,
    until: TimeTag,
    holds: bool,
    granted: Attribution,
}

impl WaiversPage {
    pub(crate) fn new(
        context: &PageContext,
        kinds: Vec<String>,
        form: Form,
        error: Option<FormError>,
    ) -> Self {
        let waivers = context.status.state.waivers.iter();
        Self {
            layout: Layout::new("Waivers", context),
            kinds,
            granted: waivers
                .map(|(target, waiver)| WaiverRow::new(context, target, waiver))
                .collect(),
            form,
            error,
        }
    }

    /// The value of the end, a week from now by default.
    fn until(&self) -> String {
        const WEEK: Duration = Duration::from_secs(7 * 86_400);
        match self.form.field("until") {
            "" => {
                let proposed = self.layout.now.plus(WEEK).to_string();
                proposed.chars().take("2026-03-01T12:00".len()).collect()
            }
            given => given.to_owned(),
        }
    }
}

impl WaiverRow {
    fn new(context: &PageContext, target: &WaiverTarget, waiver: &Waiver) -> Self {
        let kind = match target {
            WaiverTarget::Kind(kind) => kind.as_str(),
            _ => "",
        };
        let callers = query(&[("kind", kind), ("state", "depended")]);
        Self {
            target: target.to_string(),
            href: format!("{}/callers{callers}", context.base),
            owner: waiver.owner.to_string(),
            until: TimeTag::new(waiver.until, context.now),
            holds: waiver.holds(context.now),
            granted: Attribution::new(&waiver.granted, context.now),
        }
    }
}
