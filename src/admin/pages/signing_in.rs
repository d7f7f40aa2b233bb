//! Getting the page to sign in at.

use axum::{
    Extension,
    extract::{Query, rejection::QueryRejection},
    response::{IntoResponse as _, Redirect, Response},
};
use http::{HeaderMap, header::COOKIE};
use serde::Deserialize;

use super::{bare::Notice, sign_in::page};
use crate::admin::{access::Identity, base::Base};

#[derive(Debug, Default, Deserialize)]
pub(crate) struct Asked {
    #[serde(default)]
    next: String,
}

/// Whoever is signed in already goes on; the others get the form, with the reason why they are here again.
pub(crate) async fn show(
    base: Base,
    Extension(identity): Extension<Identity>,
    headers: HeaderMap,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    let asked = asked.map(|Query(asked)| asked).unwrap_or_default();
    let next = base.page(&asked.next);
    if matches!(identity, Identity::Known(_)) {
        return Redirect::to(next.unwrap_or(base.home())).into_response();
    }
    let notice = notice(&headers, next.is_some_and(|next| next != base.home()));
    page(&base, next.unwrap_or(base.home()), notice)
}

/// A cookie without a session was left by one that is over. A browser may have thrown it away by itself.
fn notice(headers: &HeaderMap, asked_for_more: bool) -> Option<Notice> {
    let cookies = headers.get_all(COOKIE).iter();
    let mut cookies = cookies.filter_map(|line| line.to_str().ok());
    let over = cookies.any(|line| line.contains("rollout_session="));
    let (title, text) = if over {
        (
            "Your session is over.",
            "Sign in again to go on where you were.",
        )
    } else if asked_for_more {
        (
            "Sign in to see this page.",
            "Afterwards you are taken to it.",
        )
    } else {
        return None;
    };
    Some(Notice {
        bad: false,
        title,
        text: text.to_owned(),
    })
}
