//! Where the router is mounted.

use std::sync::Arc;

use axum::{
    extract::{OriginalUri, Request, State},
    middleware::Next,
    response::Response,
};

use super::{base::Base, shared::Shared};

/// Puts into the extensions of a request where the router is mounted ([`Base`]).
pub(crate) async fn locate(
    State(shared): State<Arc<Shared>>,
    mut request: Request,
    next: Next,
) -> Response {
    let base = base(&shared, &request);
    request.extensions_mut().insert(base);
    next.run(request).await
}

fn base(shared: &Shared, request: &Request) -> Base {
    if let Some(stated) = &shared.public_path {
        return stated.clone();
    }
    let original = request.extensions().get::<OriginalUri>();
    original.map_or_else(Base::default, |OriginalUri(original)| {
        Base::of(original, request.uri())
    })
}
