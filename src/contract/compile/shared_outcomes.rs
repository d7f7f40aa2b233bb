//! Outcomes that several endpoints refer to.

use super::compiled_endpoint::check_name;
use crate::{
    contract::definition::{contract_definition::Definition, endpoint::Outcome},
    diagnostics::{Diagnostics, FaultCode},
};

/// Replaces references by the outcomes that they name, which stay marked as shared.
pub(super) fn resolve(definition: &mut Definition, diagnostics: &mut Diagnostics) {
    let Definition {
        outcomes: shared,
        endpoints,
        ..
    } = definition;
    let mut used = vec![false; shared.len()];
    for (endpoint_index, endpoint) in endpoints.iter_mut().enumerate() {
        let references = endpoint.outcomes.iter_mut().enumerate();
        for (index, outcome) in references.filter(|(_, outcome)| outcome.is_shared) {
            if let Some(found) = shared.iter().position(|of| of.name == outcome.name) {
                used[found] = true;
                *outcome = Outcome {
                    is_shared: true,
                    ..shared[found].clone()
                };
            } else {
                let place = format!("/endpoints/{endpoint_index}/outcomes/{index}");
                let names: Vec<&str> = shared.iter().map(Outcome::name).collect();
                let expected = match names.as_slice() {
                    [] => "an outcome, or the name of one of the contract's outcomes, of which there are none".to_owned(),
                    names => format!("the name of one of the contract's outcomes: {}", names.join(", ")),
                };
                diagnostics.add_at(place, FaultCode::UnknownOutcome, &outcome.name, expected);
            }
        }
    }
    diagnostics.at("outcomes", |diagnostics| {
        for (index, outcome) in shared.iter().enumerate() {
            diagnostics.enter(index);
            diagnostics.describe("outcome", &outcome.name);
            check_name(outcome, &shared[..index], diagnostics);
            if !used[index] && !shared[..index].iter().any(|of| of.name == outcome.name) {
                let expected = "an endpoint that refers to it";
                let code = FaultCode::UnreachableOutcome;
                diagnostics.add(code, &outcome.name, expected);
            }
            diagnostics.leave();
        }
    });
}
