//! The head of the journal as an entity tag.

use http::HeaderValue;

/// The entity tag (RFC 9110 §8.8.3) that `If-Match` takes.
///
/// It names what the answer rests on and not its bytes: figures move on without an event. Nothing here may be cached, so it is
/// of use for conditions alone.
pub(crate) fn etag(head: u64) -> HeaderValue {
    let tag = format!("\"{head}\"");
    HeaderValue::from_str(&tag).expect("digits in quotes are a header's value")
}
