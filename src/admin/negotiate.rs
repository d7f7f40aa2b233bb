//! People get a page for a problem, programs get JSON.

use axum::{extract::Request, middleware::Next, response::Response};
use http::{
    HeaderMap,
    header::{ACCEPT, CONTENT_LENGTH, CONTENT_TYPE},
};

use super::{base::Base, pages::fault, problem::Problem};

/// Shows a problem as a page to whoever asks for one, outside the API.
pub(crate) async fn negotiate(base: Base, request: Request, next: Next) -> Response {
    let is_api = request.uri().path().starts_with("/api/");
    let wants_page = !is_api && accepts_html(request.headers());
    let response = next.run(request).await;
    if !wants_page {
        return response;
    }
    let Some(problem) = response.extensions().get::<Problem>() else {
        return response;
    };
    let page = fault::render(&base, problem);
    with_page(response, page)
}

/// The same answer with another body.
fn with_page(response: Response, page: Response) -> Response {
    let (mut head, _) = response.into_parts();
    let (page_head, body) = page.into_parts();
    head.headers.remove(CONTENT_LENGTH);
    if let Some(media) = page_head.headers.get(CONTENT_TYPE) {
        head.headers.insert(CONTENT_TYPE, media.clone());
    }
    Response::from_parts(head, body)
}

fn accepts_html(headers: &HeaderMap) -> bool {
    let lines = headers.get_all(ACCEPT).iter();
    let mut texts = lines.filter_map(|line| line.to_str().ok());
    texts.any(|text| text.contains("text/html"))
}
