//! No page of another site may change anything.

use serde_json::{Value, json};

use super::{
    client::Client,
    service::{MARA, TestService},
};

fn incident(name: &str) -> Value {
    json!({"incident": name, "reason": "it burns"})
}

#[tokio::test]
async fn a_request_from_another_site_is_refused_even_with_a_session() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    let head = service.head();
    let foreign: [(&'static str, &str); 5] = [
        ("sec-fetch-site", "cross-site"),
        ("sec-fetch-site", "same-site"),
        ("origin", "https://evil.example"),
        ("origin", "null"),
        ("origin", "http://127.0.0.1:1"),
    ];
    for (name, value) in foreign {
        let response = mara
            .with(name, value)
            .post("/api/incidents", &incident("INC-1"))
            .await;
        assert_eq!(
            (response.status, response.problem().as_str()),
            (403, "cross-origin"),
            "{name}: {value}"
        );
        let response = mara.with(name, value).post_form("/sign-out", "").await;
        assert_eq!(response.problem(), "cross-origin");
        let response = service
            .stranger
            .with(name, value)
            .post_form("/sign-in", &format!("token={MARA}"))
            .await;
        assert_eq!(
            (response.problem().as_str(), response.header("set-cookie")),
            ("cross-origin", None)
        );
    }
    assert_eq!(service.head(), head);
    mara.get("/api/status").await.ok();
}

#[tokio::test]
async fn requests_of_own_pages_and_of_programs_pass() {
    let service = TestService::open().await;
    let (mara, _) = service.signed_in(MARA).await;
    let own: [(Client, &str); 5] = [
        (mara.with("sec-fetch-site", "same-origin"), "INC-1"),
        (mara.with("sec-fetch-site", "none"), "INC-2"),
        (mara.with("origin", service.origin.clone()), "INC-3"),
        (
            mara.with("sec-fetch-site", "same-origin")
                .with("origin", service.origin.clone()),
            "INC-4",
        ),
        (service.operator(), "INC-5"),
    ];
    for (client, name) in own {
        client.post("/api/incidents", &incident(name)).await.ok();
    }
}

#[tokio::test]
async fn a_link_from_another_site_may_be_followed() {
    let service = TestService::open().await;
    service
        .viewer()
        .with("sec-fetch-site", "cross-site")
        .get("/api/status")
        .await
        .ok();
}

#[tokio::test]
async fn every_method_that_is_not_safe_is_protected_on_every_path() {
    let service = TestService::open().await;
    for method in ["POST", "PUT", "PATCH", "DELETE"] {
        for path in ["/api/status", "/api/policy", "/nowhere", "/sign-in"] {
            let client = service.operator().with("sec-fetch-site", "cross-site");
            let response =
                super::response::Answer::read(client.request(method, path).send().await.unwrap())
                    .await;
            assert_eq!(response.problem(), "cross-origin", "{method} {path}");
        }
    }
}
