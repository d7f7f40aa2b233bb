//! `GET /`: commands to try.

use axum::{
    extract::State,
    http::{HeaderMap, HeaderName, HeaderValue, header, uri::Authority},
};

use super::super::state::AppState;

const HEADERS: [(HeaderName, HeaderValue); 2] = [
    (
        header::CONTENT_TYPE,
        HeaderValue::from_static("text/plain; charset=utf-8"),
    ),
    (
        header::X_CONTENT_TYPE_OPTIONS,
        HeaderValue::from_static("nosniff"),
    ),
];

/// Each line that begins with `curl` or `CODE=` can be run as is. The page is public and contains no token.
const PAGE: &str = r#"A Core API with a device flow that moves to a new contract, and the rollout of that change.

  dashboard   {base}/rollout
  metrics     {base}/metrics
  approve     {base}/device

The dashboard requires a token. Core printed an operator's and a viewer's token on standard output at startup, unless
they were given. The lines below expect the operator's in $OPERATOR.

An old client requests a token, then the same client upgraded: 422 while compat is on, then 403.

curl -si {base}/api/v1/auth/clients/token -A core-ui-rust/1.9.0 -H 'X-Client-Id: desktop-17' -H 'Content-Type: application/json' -d '{"client_id":"x","client_kind":"UI_RUST","secret_key":"y"}'
curl -si {base}/api/v1/auth/clients/token -A core-ui-rust/2.0.0 -H 'X-Client-Id: desktop-17' -H 'Content-Type: application/json' -d '{"client_id":"x","client_kind":"UI_RUST","secret_key":"y"}'

An old AGENT starts a device flow and polls once: 401 AUTHORIZATION_PENDING while compat is on.

CODE=$(curl -s {base}/api/v1/auth/clients/device/start -A core-agent/1.4.0 -H 'Content-Type: application/json' -d '{"client_kind":"AGENT"}' | sed 's/.*"device_code":"\([^"]*\)".*/\1/'); curl -si {base}/api/v1/auth/clients/device/poll -A core-agent/1.4.0 -H 'X-Client-Id: laptop-17' -H 'Content-Type: application/json' -d "{\"device_code\":\"$CODE\"}"

The state of the rollout, the callers that still depend on legacy responses, and the gates of the cutover:

curl -s -H "Authorization: Bearer $OPERATOR" {base}/rollout/api/status
curl -s -H "Authorization: Bearer $OPERATOR" "{base}/rollout/api/callers?window=24h&state=dependent"
curl -s -H "Authorization: Bearer $OPERATOR" {base}/rollout/api/transitions/cutover

Cut over, with an override that names each gate that fails, and roll back:

curl -s -H "Authorization: Bearer $OPERATOR" -H 'Content-Type: application/json' {base}/rollout/api/transitions -d '{"to":"cutover","reason":"a trial","override":["required_checks","no_dependent_responses","all_callers_resolved","coverage"]}'
curl -s -H "Authorization: Bearer $OPERATOR" -H 'Content-Type: application/json' {base}/rollout/api/rollbacks -d '{"incident":"INC-1","reason":"an old client fails"}'
curl -s -H "Authorization: Bearer $OPERATOR" "{base}/rollout/api/journal?limit=20"

The whole API: {base}/rollout/openapi.json
"#;

pub(crate) async fn home(
    State(state): State<AppState>,
    headers: HeaderMap,
) -> ([(HeaderName, HeaderValue); 2], String) {
    let base = requested_base(&headers).unwrap_or_else(|| state.public_url().to_owned());
    (HEADERS, PAGE.replace("{base}", &base))
}

/// The URL under which the client requested this page.
fn requested_base(headers: &HeaderMap) -> Option<String> {
    let host = headers.get(header::HOST)?.to_str().ok()?;
    // The result is pasted into a shell, so nothing else is allowed.
    let authority = host.parse::<Authority>().ok()?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b".-:[]".contains(&byte);
    let host = authority.as_str();
    host.bytes().all(plain).then(|| format!("http://{host}"))
}
