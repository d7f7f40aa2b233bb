//! Tests of the module `openapi`: reading documents, proving contracts, drafting them.

mod closed;
mod conditions;
mod contract_generator;
mod drafting;
mod findings;
mod keywords;
mod mistakes;
mod random_contracts;
mod random_responses;
mod random_schemas;
mod random_versions;
mod reading;
mod real_documents;
mod schema_generator;
mod shapes;
mod shipped;
mod support;
#[path = "../support/temp_dir.rs"]
mod temp_dir;
mod value_generator;
