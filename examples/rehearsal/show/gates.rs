//! Gate reports in a few words each.

use serde_json::Value;

/// A line for each gate: verdict, name, and evidence.
pub(crate) fn verdicts(gates: &Value) -> Vec<String> {
    let gates = gates.as_array().into_iter().flatten();
    gates.map(verdict).collect()
}

/// The names of the failing gates.
pub(crate) fn failing(gates: &Value) -> Vec<&str> {
    let gates = gates.as_array().into_iter().flatten();
    let failing = gates.filter(|gate| gate["passed"] != true);
    failing.filter_map(|gate| gate["name"].as_str()).collect()
}

fn verdict(gate: &Value) -> String {
    let mark = if gate["passed"] == true {
        "pass"
    } else {
        "FAIL"
    };
    let name = gate["name"].as_str().unwrap_or_default();
    let line = format!("{mark}  {name:<22} {}", reason(name, &gate["evidence"]));
    line.chars().take(78).collect()
}

fn reason(gate: &str, evidence: &Value) -> String {
    let number = |pointer: &str| {
        evidence
            .pointer(pointer)
            .and_then(Value::as_u64)
            .unwrap_or(0)
    };
    let share = |pointer: &str| {
        evidence
            .pointer(pointer)
            .and_then(Value::as_f64)
            .unwrap_or(0.0)
    };
    match gate {
        "instrumentation" => format!("{} responses counted", number("/responses_counted")),
        "required_checks" => checks(evidence),
        "no_dependent_responses" => format!(
            "legacy responses to {} in {}",
            callers(number("/blocking/callers")),
            text(&evidence["window"])
        ),
        "all_callers_resolved" => format!(
            "{} migrated, {} waived, {} inactive, {} due, {} blocking",
            number("/migrated"),
            number("/waived"),
            number("/inactive"),
            number("/blocking/due"),
            number("/blocking/callers")
        ),
        "coverage" => format!(
            "{:.0} % of {} watched, {} responses",
            100.0 * share("/watched/ratio"),
            text(&evidence["window"]),
            number("/responses")
        ),
        "no_open_incident" => format!("{} open", number("/open")),
        _ => evidence.to_string(),
    }
}

fn checks(evidence: &Value) -> String {
    let blocking = evidence["blocking"].as_object();
    match blocking.map_or(0, serde_json::Map::len) {
        0 => format!("all {} green", evidence["required"]),
        1 => {
            let first = blocking.and_then(|checks| checks.iter().next());
            first.map_or_else(String::new, |(name, fault)| {
                format!("{name} {}", text(fault))
            })
        }
        several => format!("{several} of {} not reported or red", evidence["required"]),
    }
}

fn callers(count: u64) -> String {
    match count {
        0 => "no caller".to_owned(),
        1 => "1 caller".to_owned(),
        count => format!("{count} callers"),
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or("?")
}
