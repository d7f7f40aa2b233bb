//! Legacy responses to target responses without a body.

use legacy_http_compat::{
    contract::{LegacyShape, Outcome},
    diagnostics::FaultCode,
};
use serde_json::json;

use super::{IN_OUTCOME, outcome, refused};

#[test]
fn a_target_response_without_a_body_may_have_a_legacy_one_with_its_own() {
    for status in [204, 205] {
        for legacy in [
            LegacyShape::new(200).json(json!({"deleted": true})),
            LegacyShape::new(200).empty(),
            LegacyShape::new(404).json(json!({"id": {"$request_field": "/id", "default": null}})),
        ] {
            let deleted = Outcome::new("DELETED", status).legacy(legacy);
            outcome(deleted)
                .build()
                .expect("the body is the shape's own");
        }
        let as_is = Outcome::new("GONE", status).legacy(LegacyShape::new(200));
        let found = format!("`{status}`");
        let names = [
            IN_OUTCOME,
            &found,
            "a body of its own, `empty`, `json`, `text` or `form`",
        ];
        refused(outcome(as_is), FaultCode::StatusWithoutBody, &names);
    }
}
