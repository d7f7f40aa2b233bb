//! What a user of the layer sees, in one process and without a feature: contracts, the middleware, and the census.

#[path = "../support/exchange.rs"]
mod exchange;
#[path = "../support/observed.rs"]
mod observed;
#[path = "../support/scripted.rs"]
mod scripted;

mod census;
mod census_fed;
mod census_model;
mod conditions;
mod contract_document;
mod contract_faults;
mod document;
mod document_faults;
mod edits;
mod middleware;
mod placement;
mod request_fields;
mod rewriting;
mod transparency;
mod user_agents;
