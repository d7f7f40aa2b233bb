//! The page of the instances that share the journal, and the warnings about them.

use std::time::Duration;

use askama::Template;
use axum::response::{IntoResponse as _, Response};

use super::{
    layout::{Banner, Layout},
    page_request::PageRequest,
    submitted_form::{PageForm, SubmittedForm},
    time_tag::{TimeTag, distance},
};
use crate::{
    admin::{
        command::CommandKind,
        format::{counted, duration, listed},
        problem::{Problem, ProblemKind},
        shared::html,
    },
    census::ExchangeStatus,
    rollout::{
        Rollout,
        fleet::{FleetView, InstanceView, SyncWord},
    },
    time::Timestamp,
};

/// One row for each instance.
#[derive(Debug, Template)]
#[template(
    path = "instances.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct InstancesPage<'a> {
    layout: &'a Layout,
    fleet: &'a FleetView,
    /// How the census is exchanged; `None` where each instance has its own.
    exchange: Option<ExchangeStatus>,
    form: PageForm,
}

const TITLE: &str = "Instances";

pub(crate) async fn show(request: PageRequest) -> Response {
    let page = |rollout: &Rollout, layout: &Layout| page(rollout, layout, PageForm::default());
    request.render(TITLE, page).await
}

pub(crate) async fn write_off(form: SubmittedForm) -> Response {
    let kind = CommandKind::WriteOffInstance;
    form.submit(kind, "/instances", TITLE, page).await
}

fn page(rollout: &Rollout, layout: &Layout, form: PageForm) -> Response {
    let Some(fleet) = &layout.fleet else {
        let detail = "The rollout has no table of instances.";
        return Problem::new(ProblemKind::NotConfigured, detail).into_response();
    };
    let exchange = rollout.census_view().and_then(|view| view.exchange());
    html(&InstancesPage {
        layout,
        fleet,
        exchange,
        form,
    })
}

impl InstancesPage<'_> {
    /// Which instances have applied the last change, and as of when if that is not now.
    fn lead(&self) -> String {
        let (at, text) = (self.read_at(), &self.fleet.text);
        match &self.fleet.error {
            Some(error) => {
                format!("As of {at}, the last change of the flag was {text}. Since then: {error}.")
            }
            None => format!("The last change of the flag is {text}. Read {at}."),
        }
    }

    fn read_at(&self) -> String {
        let at = self.fleet.at;
        at.map_or("never".to_owned(), |at| distance(at, self.layout.now))
    }

    fn started(&self, instance: &InstanceView) -> TimeTag {
        self.layout.at(instance.started)
    }

    /// `live`, or since when nothing was heard of it.
    fn state(&self, instance: &InstanceView) -> String {
        if instance.live {
            let is_known = self.fleet.error.is_none() || instance.instance == self.fleet.instance;
            return if is_known {
                "live".to_owned()
            } else {
                format!("live {}", self.read_at())
            };
        }
        let silent = Duration::from_millis(instance.silent_ms);
        format!("not seen for {}", duration(silent))
    }

    fn applied(&self, instance: &InstanceView) -> String {
        let (own, applied) = (self.layout.status.head, instance.applied);
        match instance.sync {
            SyncWord::Forked if instance.applied != own => format!("another event {}", applied.seq),
            _ if applied.seq < own.seq => format!("event {} of {}", applied.seq, own.seq),
            _ => format!("event {}", applied.seq),
        }
    }

    /// The first digits of the digest of its contract, and whether others serve something else.
    fn contract(&self, instance: &InstanceView) -> String {
        let Some(served) = &instance.served else {
            return "none".to_owned();
        };
        let others = self.fleet.instances.iter().filter(|other| other.live);
        let mut others = others.filter_map(|other| other.served.as_ref());
        let differs = others.any(|other| other != served);
        let digest = &served.digest.as_str()[..12];
        if differs {
            format!("{digest} (others differ)")
        } else {
            digest.to_owned()
        }
    }

    /// When this instance last handed over what it counts, and read what the others count.
    fn exchanged(exchange: &ExchangeStatus) -> String {
        let ago = |age: Option<Duration>| {
            age.map_or("never".to_owned(), |age| format!("{} ago", duration(age)))
        };
        let (sent, read) = (ago(exchange.sent), ago(exchange.read));
        format!(
            "This instance last handed over what it counts {sent}, and last read what the others count {read}."
        )
    }

    /// What only this instance knows.
    fn waiting(exchange: &ExchangeStatus) -> String {
        match (exchange.waiting, &exchange.error) {
            (0, None) => "Nothing waits to be handed over.".to_owned(),
            (waiting, None) => format!("{} to be handed over.", waits(waiting)),
            (waiting, Some(error)) => format!(
                "{} to be handed over, and gates fail until that is done: {error}.",
                waits(waiting)
            ),
        }
    }

    /// What became of the times of lost instances.
    fn lost(exchange: &ExchangeStatus) -> Option<String> {
        let lost = &exchange.lost;
        (!lost.is_empty()).then(|| {
            format!(
                "The census is incomplete without {}: since it last handed over what it counts, the time is a gap, until it \
                 comes back, is written off, or was silent for 15 minutes.",
                listed(lost)
            )
        })
    }

    /// `+3 ± 12 ms`.
    fn clock(instance: &InstanceView) -> String {
        instance.clock.map_or("unknown".to_owned(), |clock| {
            format!("{:+} ± {} ms", clock.offset_ms, clock.uncertainty_ms)
        })
    }
}

impl Layout {
    /// What is wrong with the instances: a fork, a journal that is stale, or a change of the flag that some have not applied.
    pub(super) fn fleet_banners(&self, fleet: &FleetView) -> Vec<Banner> {
        let link = Some((
            self.base.link("/instances"),
            "Show the instances".to_owned(),
        ));
        let banner = |danger, title: &str, text: String| Banner {
            danger,
            title: title.to_owned(),
            text,
            link: link.clone(),
        };
        let fork = fleet
            .is_forked()
            .then(|| banner(true, "The journal has forked", forked(fleet)));
        let stale = (fleet.sync == SyncWord::Stale).then(|| {
            let text = format!(
                "The store of the journal has been out of reach{}. This instance keeps its last state, and other instances do \
                 not learn of its commands; a rollback takes effect here.",
                lasted(fleet.stale_since, self.now)
            );
            banner(true, "The journal is stale", text)
        });
        let (applied, waits) = (&fleet.propagation, !fleet.propagation.is_complete());
        // Of a fork it is not known what the flag was before.
        let is_partly = (waits || !applied.lost.is_empty()) && fork.is_none();
        let partly = is_partly.then(|| {
            let (title, rest) = if waits {
                (
                    "The flag is not the same everywhere",
                    "The others have the flag as it was before.",
                )
            } else {
                (
                    "Instances are missing",
                    "One that is cut off and still serves has the flag as it was before.",
                )
            };
            let text = format!("Event {} is {}. {rest}", applied.event.seq, fleet.text);
            banner(waits, title, text)
        });
        fork.into_iter().chain(stale).chain(partly).collect()
    }
}

fn waits(callers: u64) -> String {
    let verb = if callers == 1 { "waits" } else { "wait" };
    format!("{} {verb}", counted(callers, "caller"))
}

/// Who follows another journal: this instance than the store, others than this one.
fn forked(fleet: &FleetView) -> String {
    let others: Vec<String> = fleet
        .forked()
        .map(|other| other.instance.to_string())
        .collect();
    let own = (fleet.sync == SyncWord::Forked).then(|| {
        "The store does not have events that this instance follows. This one keeps its state, and executes no command but a \
         rollback."
            .to_owned()
    });
    let others = (!others.is_empty()).then(|| {
        let follow = if others.len() == 1 {
            "follows"
        } else {
            "follow"
        };
        let others = listed(&others);
        format!("{others} {follow} another journal than {}.", fleet.instance)
    });
    let sentences: Vec<String> = own.into_iter().chain(others).collect();
    sentences.join(" ")
}

fn lasted(since: Option<Timestamp>, now: Timestamp) -> String {
    since.map_or_else(String::new, |since| {
        format!(" for {}", duration(now.since(since)))
    })
}
