//! Problems as pages: browsers get HTML, programs JSON.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Request, State},
    middleware::Next,
    response::Response,
};
use http::{
    HeaderMap,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE},
};

use crate::admin::{
    mount_path::MountPath,
    pages::layout::can_roll_back,
    problem::{Problem, ProblemKind},
    shared::{Shared, html},
};

#[derive(Debug, Template)]
#[template(
    path = "problem.html",
    config = "src/admin/pages/templates/askama.toml"
)]
struct ProblemPage<'a> {
    base: &'a MountPath,
    status: u16,
    title: &'a str,
    detail: &'a str,
    advice: &'a str,
    can_roll_back: bool,
}

/// Shows problems outside the API as pages to clients that accept HTML.
pub(crate) async fn problem_page(
    State(shared): State<Arc<Shared>>,
    base: MountPath,
    request: Request,
    next: Next,
) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let wants_page = !is_api && accepts_html(request.headers());
    let response = next.run(request).await;
    match response.extensions().get::<Problem>() {
        Some(problem) if wants_page => {
            let status = shared.rollout.status();
            let page = render(&base, problem, can_roll_back(&status));
            with_body(response, page)
        }
        _ => response,
    }
}

fn render(base: &MountPath, problem: &Problem, can_roll_back: bool) -> Response {
    let kind = problem.kind();
    html(&ProblemPage {
        base,
        status: kind.status().as_u16(),
        title: kind.title(),
        detail: problem.detail(),
        advice: advice(kind, can_roll_back),
        can_roll_back,
    })
}

const fn advice(kind: ProblemKind, can_roll_back: bool) -> &'static str {
    match kind {
        ProblemKind::NotAllowed => {
            "Sign out and sign in with an operator’s token, or ask an operator."
        }
        ProblemKind::CrossOrigin => "Open the dashboard itself and repeat the action there.",
        ProblemKind::Internal | ProblemKind::JournalFailing if can_roll_back => {
            "A rollback works even if nothing else does."
        }
        _ => "",
    }
}

/// The response with the body of the page.
fn with_body(response: Response, page: Response) -> Response {
    let (mut head, _) = response.into_parts();
    let (page_head, body) = page.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    if let Some(media) = page_head.headers.get(CONTENT_TYPE) {
        head.headers.insert(CONTENT_TYPE, media.clone());
    }
    Response::from_parts(head, body)
}

/// Whether `Accept` names `text/html` with a weight above zero (RFC 9110 §12.5.1). A wildcard does not count: programs send
/// `*/*` too.
fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    let lines = lines.filter_map(|line| line.to_str().ok());
    lines.flat_map(|line| line.split(',')).any(|range| {
        let mut parts = range.split(';').map(str::trim);
        let is_html = parts
            .next()
            .is_some_and(|media| media.eq_ignore_ascii_case("text/html"));
        is_html && !parts.any(is_weight_zero)
    })
}

/// `q=0`, `q=0.0` and so on.
fn is_weight_zero(parameter: &str) -> bool {
    let weight = parameter
        .split_once('=')
        .filter(|(name, _)| name.trim().eq_ignore_ascii_case("q"));
    weight.is_some_and(|(_, weight)| weight.trim().parse() == Ok(0.0))
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;

    #[test]
    fn html_is_for_clients_that_accept_it() {
        let accepts = |line: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT, HeaderValue::from_static(line));
            accepts_html(&headers)
        };
        for line in [
            "text/html",
            "application/json, Text/HTML;q=0.1",
            "text/html;level=1;q=0.5",
        ] {
            assert!(accepts(line), "{line}");
        }
        for line in [
            "text/html;q=0",
            "text/html ; Q=0.000, application/json",
            "*/*",
            "application/json",
            "text/html2",
        ] {
            assert!(!accepts(line), "{line}");
        }
        assert!(!accepts_html(&HeaderMap::new()));
    }
}
