//! The assets of the pages. An address with the digest of the asset is cached for good.

use std::{
    fmt,
    sync::{Arc, LazyLock},
};

use axum::{
    extract::RawQuery,
    response::IntoResponse as _,
    routing::{MethodRouter, get},
};
use http::header::CONTENT_TYPE;
use sha2::{Digest as _, Sha256};

use crate::admin::{layers::Immutable, mount_path::MountPath, shared::Shared};

/// A file that pages load.
#[derive(Debug)]
pub(crate) struct Asset {
    pub(super) path: &'static str,
    media: &'static str,
    text: &'static str,
    digest: LazyLock<String>,
}

macro_rules! asset {
    ($name:ident, $file:literal, $media:literal) => {
        pub(crate) static $name: Asset = Asset {
            path: concat!("/assets/", $file),
            media: $media,
            text: include_str!(concat!("assets/", $file)),
            digest: LazyLock::new(|| digest(include_str!(concat!("assets/", $file)))),
        };
    };
}

asset!(STYLE, "dashboard.css", "text/css; charset=utf-8");
asset!(SCRIPT, "dashboard.js", "text/javascript; charset=utf-8");
asset!(ICON, "icon.svg", "image/svg+xml");

/// 64 bits tell the versions of one file apart.
fn digest(text: &str) -> String {
    hex::encode(&Sha256::digest(text)[..8])
}

impl Asset {
    /// The address, with the digest as its query: after an update it is another one.
    pub(crate) fn address(&self, base: &MountPath) -> impl fmt::Display {
        format!("{base}{}?{}", self.path, *self.digest)
    }
}

/// Serves an asset. Under its digest it may be cached; a page of another version, which has another digest, gets it uncached.
pub(super) fn route(asset: &'static Asset) -> MethodRouter<Arc<Shared>> {
    get(move |RawQuery(query): RawQuery| async move {
        let mut response = ([(CONTENT_TYPE, asset.media)], asset.text).into_response();
        if query.as_deref() == Some(asset.digest.as_str()) {
            response.extensions_mut().insert(Immutable);
        }
        response
    })
}
