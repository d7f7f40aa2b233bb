//! Which requests are of one installation, and which are anonymous.
//!
//! Over a socket there always is an address, and so a client without an id is known by its address and product. It is
//! anonymous only if it names no product either, or if a proxy that is to name its address does not.

use crate::{
    core_app::address::ProxyHeader,
    support::{
        http_client::HttpClient,
        seen::{Seen, census, seen},
        server::{CoreServer, Start},
    },
};

const fn dependent(callers: u64) -> Seen {
    Seen {
        known: callers,
        never_dependent: 0,
        dependent: callers,
        stranded: 0,
        regressed: 0,
        inconclusive: 0,
        migrated: 0,
        inactive: 0,
    }
}

#[tokio::test]
async fn without_an_id_an_address_and_a_product_are_one_caller() {
    let core = CoreServer::start(true).await;
    for user_agent in [
        "core-agent/1.2.0",
        "core-agent/1.4.0 (linux)",
        "core-mcp/1.0.0",
    ] {
        ask(&core.http.clone().with_user_agent(user_agent)).await;
    }
    assert_eq!(seen(&core.http).await, dependent(2));
    assert_eq!(anonymous(&core.http).await, 0);
    ask(&core.http.clone().with_user_agent("core-agent/2.0.0")).await;
    assert_eq!(seen(&core.http).await.migrated, 1);
}

#[tokio::test]
async fn with_neither_id_nor_product_a_caller_is_anonymous_but_its_responses_count() {
    let core = CoreServer::start(true).await;
    let nobody = core.http.clone().without_user_agent();
    ask(&nobody).await;
    ask(&nobody).await;
    ask(&nobody.with_header("x-client-id", "somebody")).await;
    assert_eq!(seen(&core.http).await, dependent(1));
    assert_eq!(anonymous(&core.http).await, 2);
}

#[tokio::test]
async fn behind_a_proxy_the_header_it_sets_tells_clients_apart() {
    for (header, name, first, second) in [
        (ProxyHeader::XRealIp, "x-real-ip", "192.0.2.1", "192.0.2.2"),
        (
            ProxyHeader::RightmostXForwardedFor,
            "x-forwarded-for",
            "198.51.100.7, 192.0.2.1",
            "198.51.100.7, 192.0.2.2",
        ),
    ] {
        let core = CoreServer::start_from(Start::new(true).behind(header), |_| {}).await;
        let agent = core.http.clone().with_user_agent("core-agent/1.4.0");
        for address in [first, second, first] {
            ask(&agent.clone().with_header(name, address)).await;
        }
        assert_eq!(seen(&core.http).await, dependent(2));
        ask(&agent).await;
        ask(&agent.with_header(name, "no address")).await;
        assert_eq!(seen(&core.http).await, dependent(2));
        assert_eq!(
            anonymous(&core.http).await,
            2,
            "the proxy is not the client"
        );
    }
}

#[tokio::test]
async fn no_header_is_believed_where_clients_connect_directly() {
    let core = CoreServer::start(true).await;
    let agent = core.http.clone().with_user_agent("core-agent/1.4.0");
    for address in ["192.0.2.1", "192.0.2.2"] {
        ask(&agent.clone().with_header("x-forwarded-for", address)).await;
        ask(&agent.clone().with_header("x-real-ip", address)).await;
    }
    assert_eq!(seen(&core.http).await, dependent(1));
}

/// A poll whose response has a legacy shape.
async fn ask(client: &HttpClient) {
    let started = client.start("AGENT").await;
    let polled = client.poll(started.text_at("/device_code")).await;
    assert!([200, 401].contains(&polled.status), "{}", polled.text);
}

/// Dependent responses to anonymous callers.
async fn anonymous(core: &HttpClient) -> u64 {
    let responses = &census(core, "24h").await["all"]["responses"];
    responses["dependent_anonymous"].as_u64().expect("a number")
}
