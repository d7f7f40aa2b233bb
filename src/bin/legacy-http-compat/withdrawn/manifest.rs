//! The names under which a `Cargo.toml` renames this crate.
//!
//! Line by line and not by a parser of TOML: a manifest that is broken still names what it names.

/// The name of this crate where packages are named.
const PACKAGE: &str = env!("CARGO_PKG_NAME");

/// All names that a manifest gives to this crate, other than its own.
pub(super) fn renames(manifest: &str) -> Vec<String> {
    let mut table = String::new();
    let mut renames = Vec::new();
    for line in manifest.lines().map(without_comment) {
        if let Some(header) = line.trim().strip_prefix('[') {
            header.trim_end_matches(']').clone_into(&mut table);
        } else if names_package(line) {
            renames.extend(renamed(line, &table));
        }
    }
    renames.retain(|name| name.replace('_', "-") != PACKAGE);
    renames
}

/// Whether a line of a manifest has this as a key, or as the last part of a table's name.
pub(super) fn has_dependency(line: &str, name: &str) -> bool {
    let line = without_comment(line).trim();
    if let Some(header) = line.strip_prefix('[') {
        let table = header.trim_end_matches(']');
        return table.contains("dependencies.") && unquoted(last(table)) == name;
    }
    let key = line.split(['=', '.']).next().unwrap_or_default();
    line.contains('=') && unquoted(key) == name || has_feature(line, name)
}

/// Whether a feature of the package turns one of the dependency on: `"compat/cli"`, `"dep:compat"`.
fn has_feature(line: &str, name: &str) -> bool {
    line.split(['"', '\'']).any(|text| {
        let text = text.strip_prefix("dep:").unwrap_or(text);
        let dependency = text.split(['/', '?']).next();
        dependency == Some(name) && (text.len() > name.len() || line.contains("dep:"))
    })
}

/// The new name, where a line has `package = "<this crate>"`.
fn renamed(line: &str, table: &str) -> Option<String> {
    let (key, value) = line.split_once('=')?;
    let key = key.trim();
    let name = if let Some(dotted) = key.strip_suffix(".package") {
        dotted
    } else if key == "package" {
        // `[dependencies.name]`, and not the package itself.
        table.contains("dependencies.").then(|| last(table))?
    } else if value.contains('{') {
        key
    } else {
        return None;
    };
    Some(unquoted(last(name)).to_owned())
}

fn names_package(line: &str) -> bool {
    let Some((_, after)) = line.split_once("package") else {
        return false;
    };
    let value = after.trim_start().strip_prefix('=').map(str::trim_start);
    let quoted = value.and_then(|value| value.strip_prefix(['"', '\'']));
    let rest = quoted.and_then(|name| name.strip_prefix(PACKAGE));
    rest.is_some_and(|rest| rest.starts_with(['"', '\'']))
}

fn last(table: &str) -> &str {
    table.rsplit('.').next().unwrap_or(table)
}

fn unquoted(text: &str) -> &str {
    text.trim().trim_matches(['"', '\''])
}

fn without_comment(line: &str) -> &str {
    line.split_once('#').map_or(line, |(line, _)| line)
}
