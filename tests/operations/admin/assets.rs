//! The assets of the pages are cached by their digests.

use axum::body::{Body, to_bytes};
use http::Request;
use tower::ServiceExt as _;

use super::service::{MARA, TestService};

#[tokio::test]
async fn an_asset_is_cached_for_good_under_its_digest_alone() {
    let service = TestService::open().await;
    let get = async |path: &str| {
        let request = Request::get(path)
            .header("authorization", format!("Bearer {MARA}"))
            .body(Body::empty())
            .unwrap();
        let response = service.admin.router().oneshot(request).await.unwrap();
        let cached = response.headers()["cache-control"].to_str().unwrap();
        let cached = cached.to_owned();
        let body = to_bytes(response.into_body(), usize::MAX).await.unwrap();
        (cached, String::from_utf8(body.to_vec()).unwrap())
    };
    let (cached, page) = get("/").await;
    assert_eq!(cached, "no-store");
    for asset in ["dashboard.css", "dashboard.js", "icon.svg"] {
        let address = page
            .split('"')
            .find(|text| text.contains(asset))
            .unwrap_or_else(|| panic!("{asset} in {page}"));
        let (cached, text) = get(address).await;
        assert_eq!(cached, "public, max-age=31536000, immutable", "{address}");
        // A page of another version.
        let plain = format!("/assets/{asset}");
        for other in [format!("{plain}?0123456789abcdef"), plain] {
            let (cached, same) = get(&other).await;
            assert_eq!((cached.as_str(), &same), ("no-store", &text), "{other}");
        }
    }
}
