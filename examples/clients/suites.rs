//! What a pipeline wants to know of the clients.

use serde_json::json;

use crate::{
    client::{Client, expect},
    support::http_client::HttpClient,
};

type Outcome = Result<(), String>;

/// The new desktop client understands that it gets no token.
pub(crate) async fn ui_rust(core: &HttpClient) -> Outcome {
    refused_token(&Client::new("UI_RUST", core), 403, "FORBIDDEN_ACTOR").await
}

/// The new AGENT and MCP go through a flow.
pub(crate) async fn agent_mcp(core: &HttpClient) -> Outcome {
    for kind in ["AGENT", "MCP"] {
        approved_flow(&Client::new(kind, core)).await?;
    }
    Ok(())
}

/// Every outcome of the flow that needs no long wait.
pub(crate) async fn auth_device_integration(core: &HttpClient) -> Outcome {
    let agent = Client::new("AGENT", core);
    approved_flow(&agent).await?;
    denied_flow(&agent, "DENIED").await?;

    let hasty = agent.start().await?;
    hasty.poll().await;
    expect(&hasty.poll().await, 429, "SLOW_DOWN")?;
    let canceled = agent.http.cancel(&hasty.device_code).await;
    expect(&canceled, 200, "")?;
    expect(&hasty.poll().await, 400, "INVALID_DEVICE_CODE")?;
    say(&agent, "slows down, and cancels");

    for endpoint in ["device/start", "device/poll", "device/cancel", "token"] {
        let unknown = agent.http.clients(endpoint, &json!({ "unknown": 1 })).await;
        expect(&unknown, 422, "VALIDATION_FAILED")?;
    }
    expect(&agent.token("nobody", "x").await, 401, "UNAUTHORIZED")?;
    say(&agent, "is refused what is not valid");
    Ok(())
}

/// Old clients go through their flows as they always have, and new ones beside them.
pub(crate) async fn client_compat(core: &HttpClient) -> Outcome {
    for kind in ["AGENT", "MCP"] {
        let old = Client::old(kind, core);
        approved_flow(&old).await?;
        denied_flow(&old, "ACCESS_DENIED").await?;
    }
    let desktop = Client::old("UI_RUST", core);
    refused_token(&desktop, 422, "VALIDATION_FAILED").await?;
    agent_mcp(core).await?;
    ui_rust(core).await
}

/// Is put off, approved, gets a token that works, and its code is used up.
async fn approved_flow(client: &Client) -> Outcome {
    let mut flow = client.start().await?;
    flow.keep_polling().await?;
    flow.decide("approve").await?;
    let approved = flow.approved().await?;
    let (id, secret) = (&approved.client_id, &approved.secret_key);
    let minted = client.token(id, secret).await;
    expect(&minted, 200, "")?;
    let me = client.http.me(minted.text_at("/access_token")).await;
    expect(&me, 200, "")?;
    flow.stopped("INVALID_DEVICE_CODE").await?;
    say(client, "waits, is approved, and has a token");
    Ok(())
}

async fn denied_flow(client: &Client, reason: &str) -> Outcome {
    let mut flow = client.start().await?;
    flow.keep_polling().await?;
    flow.decide("deny").await?;
    flow.stopped(reason).await?;
    say(client, "waits, and is denied");
    Ok(())
}

async fn refused_token(client: &Client, status: u16, code: &str) -> Outcome {
    let refused = client.token("x", "y").await;
    expect(&refused, status, code)?;
    say(client, "is refused a token as it expects");
    Ok(())
}

fn say(client: &Client, what: &str) {
    println!("{} {what}", client.name());
}
