//! The documents of the device flow, and validation that does not depend on the crate.

use legacy_http_compat::{
    Contract,
    openapi::{ApiDocument, ExampleResponse, Finding, ProofReport, Verdict, prove},
};
use serde_json::{Value, json};

pub(crate) const OLD: &str = include_str!("documents/device_flow_old.yaml");
pub(crate) const NEW: &str = include_str!("documents/device_flow_new.json");

pub(crate) fn document(text: &str) -> ApiDocument {
    ApiDocument::from_text(text).unwrap()
}

/// A proof about the device flow.
pub(crate) fn prove_device_flow(contract: &Contract) -> ProofReport {
    prove(
        &document(OLD),
        &document(NEW),
        std::slice::from_ref(contract),
    )
}

pub(crate) fn refuted(report: &ProofReport) -> Vec<&Finding> {
    let findings = report.findings.iter();
    findings
        .filter(|finding| finding.verdict == Verdict::Refuted)
        .collect()
}

/// One operation, `GET /items`, whose `200` has this schema.
pub(crate) fn api_of(version: &str, schema: &Value) -> ApiDocument {
    api_with(version, schema, &json!({}))
}

pub(crate) fn api_with(version: &str, schema: &Value, components: &Value) -> ApiDocument {
    let api = json!({
        "openapi": version,
        "info": {"title": "Items", "version": "1"},
        "paths": {"/items": {"get": {"responses": {"200": {
            "description": "items",
            "content": {"application/json": {"schema": schema}},
        }}}}},
        "components": {"schemas": components},
    });
    document(&api.to_string())
}

/// Validates responses of the device flow under one of its documents, by `jsonschema` and a direct look at the document.
pub(crate) struct Judge {
    document: Value,
}

impl Judge {
    pub(crate) fn old() -> Self {
        let document = serde_saphyr::from_str(OLD).unwrap();
        Self { document }
    }

    pub(crate) fn new() -> Self {
        let document = serde_json::from_str(NEW).unwrap();
        Self { document }
    }

    /// What is wrong with a response to `POST /api/v1{path}`.
    pub(crate) fn objection(&self, path: &str, response: &ExampleResponse) -> Option<String> {
        let body = response.body.clone().unwrap_or_default();
        self.objection_to(path, response.status, &response.headers, &body)
    }

    pub(crate) fn objection_to(
        &self,
        path: &str,
        status: u16,
        headers: &serde_json::Map<String, Value>,
        body: &Value,
    ) -> Option<String> {
        let path = path.strip_prefix("/api/v1").unwrap();
        let key = path.replace('/', "~1");
        let mut pointer = format!("/paths/{key}/post/responses/{status}");
        let Some(mut found) = self.document.pointer(&pointer) else {
            return Some(format!("{status} is not documented"));
        };
        if let Some(reference) = found["$ref"].as_str() {
            pointer = reference.trim_start_matches('#').to_owned();
            found = self.document.pointer(&pointer).unwrap();
        }
        let is_json = headers.get("content-type") == Some(&json!("application/json"));
        if !is_json {
            return Some(format!("not JSON: {headers:?}"));
        }
        for (name, header) in found["headers"].as_object().into_iter().flatten() {
            if header["required"] == true && !headers.contains_key(&name.to_lowercase()) {
                return Some(format!("no {name}"));
            }
        }
        let mut schema = self.document.clone();
        schema["$ref"] = format!("#{pointer}/content/application~1json/schema").into();
        let validator = jsonschema::options()
            .should_validate_formats(true)
            .build(&schema)
            .unwrap();
        let error = validator.iter_errors(body).next()?;
        Some(error.to_string())
    }
}
