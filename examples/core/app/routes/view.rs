//! The HTML of the pages.

use askama::Template;
use axum::{
    http::{HeaderName, HeaderValue, StatusCode, header},
    response::{Html, IntoResponse, Response},
};

use super::super::kind::ClientKind;

/// `same-origin` and not `no-referrer`: with the latter a browser sends `Origin: null` with the form, which the CSRF
/// check would refuse.
const HEADERS: [(HeaderName, HeaderValue); 3] = [
    (
        header::CONTENT_SECURITY_POLICY,
        HeaderValue::from_static(
            "default-src 'none'; style-src 'self'; form-action 'self'; base-uri 'none'; \
             frame-ancestors 'none'",
        ),
    ),
    (
        header::REFERRER_POLICY,
        HeaderValue::from_static("same-origin"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
];

/// A page of `/device`.
///
/// The code to decide on is not a text field: Enter in one would press the first button.
#[derive(Template)]
#[template(
    ext = "html",
    whitespace = "minimize",
    source = r##"<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }} - Core</title>
<link rel="stylesheet" href="/device.css">
</head>
<body>
<header><p>Core</p></header>
<main>
<h1>{{ title }}</h1>
<p id="message">{{ message }}</p>
{%- match ask -%}
{%- when Ask::Nothing -%}
{%- when Ask::Code %}
<form method="get" action="/device">
<p>
<label for="user_code">Code</label>
<input id="user_code" name="user_code" required autocomplete="off" autocapitalize="characters" spellcheck="false" aria-describedby="message">
</p>
<p><button type="submit">Continue</button></p>
</form>
{%- when Ask::Decision { user_code, client_kind, client_label } %}
<dl>
<dt>Kind</dt><dd>{{ client_kind }}</dd>
{%- if let Some(label) = client_label %}
<dt>Name it gives itself</dt><dd>{{ label }}</dd>
{%- endif %}
</dl>
<form method="post" action="/device">
<p>
<label for="code">Code</label>
<output id="code" aria-describedby="message">{{ user_code }}</output>
<input type="hidden" name="user_code" value="{{ user_code }}">
</p>
<p>
<button type="submit" name="decision" value="approve">Approve</button>
<button type="submit" name="decision" value="deny">Deny</button>
</p>
</form>
{%- endmatch %}
</main>
</body>
</html>
"##
)]
pub(crate) struct Page {
    status: StatusCode,
    title: &'static str,
    message: &'static str,
    ask: Ask,
}

/// The form on a page.
pub(crate) enum Ask {
    Nothing,
    Code,
    Decision {
        user_code: String,
        client_kind: ClientKind,
        client_label: Option<String>,
    },
}

impl Page {
    pub(crate) fn new(status: StatusCode, title: &'static str, message: &'static str) -> Self {
        Self {
            status,
            title,
            message,
            ask: Ask::Nothing,
        }
    }

    pub(crate) fn ask(self, ask: Ask) -> Self {
        Self { ask, ..self }
    }
}

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        match self.render() {
            Ok(html) => (self.status, HEADERS, Html(html)).into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}
