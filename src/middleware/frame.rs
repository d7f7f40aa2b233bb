//! Frames of any data as frames of `Bytes`.

use std::{
    pin::Pin,
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http_body::{Body, Frame};

/// The next frame with its data as `Bytes`.
pub(super) fn poll_bytes<B: Body + Unpin>(
    body: &mut B,
    cx: &mut Context<'_>,
) -> Poll<Option<Result<Frame<Bytes>, B::Error>>> {
    Pin::new(body).poll_frame(cx).map_ok(into_bytes)
}

/// A frame with its data as `Bytes`, which does not copy what is `Bytes` already.
pub(super) fn into_bytes<D: Buf>(frame: Frame<D>) -> Frame<Bytes> {
    frame.map_data(|mut data| data.copy_to_bytes(data.remaining()))
}
