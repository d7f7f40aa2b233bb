//! When something was done, by whom and why.

use std::time::Duration;

use askama::{Template, filters::HtmlSafe};

use crate::{
    admin::format::duration,
    rollout::{
        EventRef,
        names::{Actor, ActorKind},
    },
    time::Timestamp,
};

/// A time in UTC with its distance from now. The script adds the local time.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<time datetime="{{ at }}">{{ self.shown() }}<span class="zone"> UTC</span></time>{% if !distance.is_empty() %}<span class="sep">, </span><span class="ago" data-at="{{ at }}">{{ distance }}</span>{% endif %}"#,
    ext = "html"
)]
pub(crate) struct TimeTag {
    at: Timestamp,
    distance: String,
}

/// Its template escapes its values.
impl HtmlSafe for TimeTag {}

impl TimeTag {
    /// A time and its distance from now.
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        let distance = distance(at, now);
        Self { at, distance }
    }

    /// A time alone.
    pub(crate) const fn plain(at: Timestamp) -> Self {
        Self {
            at,
            distance: String::new(),
        }
    }

    /// `2026-03-01 12:00:00`.
    fn shown(&self) -> String {
        minute(self.at, 19)
    }
}

/// `2026-03-01 12:00 UTC`, for a sentence.
pub(crate) fn in_words(at: Timestamp) -> String {
    format!("{} UTC", minute(at, 16))
}

/// `12:00:05 UTC`, for a moment ago.
pub(crate) fn time_of_day(at: Timestamp) -> String {
    let text = minute(at, 19);
    format!("{} UTC", text.rsplit(' ').next().unwrap_or_default())
}

/// The distance of a time from now: `3 min ago`, `in 2 d`.
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let (past, ahead) = (now.since(at), at.since(now));
    let near = Duration::from_secs(1);
    if past < near && ahead < near {
        "just now".to_owned()
    } else if ahead.is_zero() {
        format!("{} ago", duration(past))
    } else {
        format!("in {}", duration(ahead))
    }
}

fn minute(at: Timestamp, characters: usize) -> String {
    let text = at.to_string().replacen('T', " ", 1);
    text.chars().take(characters).collect()
}

/// When something was done, by whom and why.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"{{ at }} by <b class="by">{{ self.who() }}</b>: <q>{{ event.reason }}</q>"#,
    ext = "html"
)]
pub(crate) struct Attribution<'a> {
    at: TimeTag,
    event: &'a EventRef,
}

/// Its template escapes its values.
impl HtmlSafe for Attribution<'_> {}

impl<'a> Attribution<'a> {
    pub(crate) fn new(event: &'a EventRef, now: Timestamp) -> Self {
        let at = TimeTag::new(event.at, now);
        Self { at, event }
    }

    fn who(&self) -> String {
        actor_label(&self.event.actor)
    }
}

/// The subject of a sentence about an actor: `mara`, `the service ci`, `the rollout (auto_rollback)`.
pub(crate) fn actor_label(actor: &Actor) -> String {
    let id = &actor.id;
    match actor.kind {
        ActorKind::Human => id.to_string(),
        ActorKind::Service => format!("the service {id}"),
        ActorKind::System if id.as_str() == "rollout" => "the rollout".to_owned(),
        ActorKind::System => format!("the rollout ({id})"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_its_distance() {
        let at: Timestamp = "2026-03-01T12:00:00.250Z".parse().unwrap();
        let shown = TimeTag::new(at, at.plus(Duration::from_secs(3_660))).to_string();
        let expected = "<time datetime=\"2026-03-01T12:00:00.250Z\">2026-03-01 12:00:00<span class=\"zone\"> UTC</span></time>\
                        <span class=\"sep\">, </span><span class=\"ago\" data-at=\"2026-03-01T12:00:00.250Z\">1 h 1 min ago</span>";
        assert_eq!(shown, expected);
        assert_eq!(in_words(at), "2026-03-01 12:00 UTC");
        assert_eq!(time_of_day(at), "12:00:00 UTC");
        assert_eq!(distance(at.plus(Duration::from_secs(120)), at), "in 2 min");
        assert_eq!(distance(at, at), "just now");
    }
}
