//! The floors of the design.

/// Each module with its floor, which its submodules share unless they are listed themselves.
///
/// The crate's root and the façades have none: they only name what is below them. `CONTRIBUTING.md` and the guide's page on
/// architecture show the same as a table.
pub(crate) const FLOORS: &[(&str, u8)] = &[
    ("time", 0),
    ("diagnostics", 0),
    ("flag", 0),
    ("form", 0),
    ("guide", 0),
    ("http_syntax", 0),
    ("json", 0),
    ("words", 0),
    ("worker", 0),
    ("storage", 0),
    ("sync", 0),
    ("contract", 0),
    ("contract::compile", 1),
    ("contract::contract", 1),
    ("caller", 0),
    ("caller::detect", 1),
    ("caller::detector", 1),
    ("document", 2),
    ("observation", 2),
    ("per_contract", 2),
    ("metrics::family", 2),
    ("metrics::source", 2),
    ("census", 3),
    ("metrics", 3),
    ("middleware", 4),
    ("rollout", 4),
    ("admin", 5),
    ("metrics_facade", 5),
    ("migration", 5),
    ("openapi", 5),
    ("opentelemetry", 5),
    ("postgres", 5),
    ("testing", 5),
    ("cli", 6),
    ("bin", 6),
];

/// Modules that never import each other: one writes the flag, the other reads it.
pub(crate) const STRANGERS: [&str; 2] = ["middleware", "rollout"];

/// The floor of a module such as `contract::compile::shape`, or `None` if the plan does not list it.
pub(crate) fn floor(module: &str) -> Option<u8> {
    let within = |listed: &str| {
        module
            .strip_prefix(listed)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    FLOORS
        .iter()
        .filter(|(listed, _)| within(listed))
        .max_by_key(|(listed, _)| listed.len())
        .map(|(_, floor)| *floor)
}
