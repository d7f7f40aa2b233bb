//! The layer that captures request fields.

use tower_layer::Layer;

use super::service::CaptureRequestFields;

/// Notes fields of requests, for contracts whose outcomes or templates ask for them.
///
/// Stands *inside* [`LegacyHttpCompatLayer`](crate::LegacyHttpCompatLayer), which tells it the endpoints that ask; requests
/// for others pass through. The fields are noted while the handler reads the body: nothing is read ahead, and no frame,
/// size, error or moment changes. Of the body no more than [`limit`](Self::limit) bytes are held while it is read, and
/// nothing but the chosen fields after it. A field that the handler has not read when its answer is decided, or that
/// stands behind the limit, is unknown, and an outcome that asks for it is `undetermined`.
///
/// ```
/// use axum::{Router, routing::post};
/// use legacy_http_compat::{CompatFlag, Contract, LegacyHttpCompatLayer};
/// use legacy_http_compat::middleware::CaptureRequestFieldsLayer;
///
/// let flag = CompatFlag::new("features.auth.device_flow.compat_legacy_http", true);
/// let app: Router = Router::new()
///     .route("/api/v1/auth/clients/token", post(|_body: String| async { "…" }))
///     .layer(CaptureRequestFieldsLayer::new())
///     .layer(LegacyHttpCompatLayer::new(Contract::device_flow(), flag.reader()));
/// # drop(app);
/// ```
#[derive(Clone, Copy, Debug)]
#[must_use]
pub struct CaptureRequestFieldsLayer {
    limit: usize,
}

impl CaptureRequestFieldsLayer {
    /// How many bytes of a request body are held unless [`limit`](Self::limit) says otherwise: 16 KiB.
    pub const DEFAULT_LIMIT: usize = 16 * 1024;

    /// A layer with the default limit.
    pub const fn new() -> Self {
        Self {
            limit: Self::DEFAULT_LIMIT,
        }
    }

    /// How many bytes of a request body are held while it is read.
    pub const fn limit(mut self, bytes: usize) -> Self {
        self.limit = bytes;
        self
    }
}

impl Default for CaptureRequestFieldsLayer {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> Layer<S> for CaptureRequestFieldsLayer {
    type Service = CaptureRequestFields<S>;

    fn layer(&self, inner: S) -> Self::Service {
        CaptureRequestFields::new(inner, self.limit)
    }
}
