//! A moment as a page shows it.

use std::time::Duration;

use askama::{Template, filters::HtmlSafe};

use super::wording::spoken;
use crate::time::Timestamp;

/// A moment in UTC with how far it is from now. The script puts the local time beside it.
#[derive(Clone, Debug, Template)]
#[template(
    source = r#"<time datetime="{{ at }}">{{ self.shown() }}<span class="zone"> UTC</span></time>{% if !distance.is_empty() %}<span class="sep">, </span><span class="ago" data-at="{{ at }}">{{ distance }}</span>{% endif %}"#,
    ext = "html"
)]
pub(crate) struct Moment {
    at: Timestamp,
    distance: String,
}

/// It is markup already, made of a time and words.
impl HtmlSafe for Moment {}

impl Moment {
    /// A moment seen from now.
    pub(crate) fn new(at: Timestamp, now: Timestamp) -> Self {
        let distance = distance(at, now);
        Self { at, distance }
    }

    /// A moment alone.
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

/// How far a moment is from now: `3 min ago`, `in 2 d`.
pub(crate) fn distance(at: Timestamp, now: Timestamp) -> String {
    let (past, ahead) = (now.since(at), at.since(now));
    let near = Duration::from_secs(1);
    if past < near && ahead < near {
        "just now".to_owned()
    } else if ahead.is_zero() {
        format!("{} ago", spoken(past))
    } else {
        format!("in {}", spoken(ahead))
    }
}

fn minute(at: Timestamp, characters: usize) -> String {
    let text = at.to_string().replacen('T', " ", 1);
    text.chars().take(characters).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_says_when_and_how_long_ago() {
        let at: Timestamp = "2026-03-01T12:00:00.250Z".parse().unwrap();
        let shown = Moment::new(at, at.plus(Duration::from_secs(3_660))).to_string();
        let expected = "<time datetime=\"2026-03-01T12:00:00.250Z\">2026-03-01 12:00:00<span class=\"zone\"> UTC</span></time>\
                        <span class=\"sep\">, </span><span class=\"ago\" data-at=\"2026-03-01T12:00:00.250Z\">1 h 1 min ago</span>";
        assert_eq!(shown, expected);
        assert_eq!(in_words(at), "2026-03-01 12:00 UTC");
        assert_eq!(distance(at.plus(Duration::from_secs(120)), at), "in 2 min");
        assert_eq!(distance(at, at), "just now");
    }
}
