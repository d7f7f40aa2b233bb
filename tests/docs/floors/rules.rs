//! The rules, and what breaks them.

use std::collections::{BTreeMap, BTreeSet};

use super::{
    plan::{STRANGERS, floor},
    source::SourceFile,
};

/// That one module imports another, and where.
struct Edge {
    from: String,
    to: String,
    place: String,
}

/// All that is wrong with the imports of a tree of sources, each with file and line.
pub(crate) fn faults(files: &[SourceFile]) -> Vec<String> {
    let tree = Tree::of(files);
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| !file.is_test()) {
        if file.path.ends_with("mod.rs") || file.path == "lib.rs" {
            let logic = file.logic();
            faults.extend(logic.iter().map(|line| {
                format!(
                    "src/{}:{line}: a façade has docs, `mod` and `use`, and nothing else",
                    file.path
                )
            }));
        } else if floor(&file.module.join("::")).is_none() {
            faults.push(format!(
                "src/{}: no floor is planned for this module",
                file.path
            ));
        }
    }
    let edges = tree.edges(&mut faults);
    faults.extend(edges.iter().filter_map(too_high));
    faults.extend(edges.iter().filter_map(strangers));
    faults.extend(circles(&edges));
    faults.dedup();
    faults
}

struct Tree<'f> {
    files: BTreeMap<String, &'f SourceFile>,
}

impl<'f> Tree<'f> {
    fn of(files: &'f [SourceFile]) -> Self {
        let files = files
            .iter()
            .map(|file| (file.module.join("::"), file))
            .collect();
        Self { files }
    }

    /// The imports of all files but façades, between the files that define what is imported.
    fn edges(&self, faults: &mut Vec<String>) -> Vec<Edge> {
        let mut edges = Vec::new();
        for (from, file) in &self.files {
            if file.is_facade() || file.is_test() {
                continue;
            }
            for import in file.imports() {
                let place = format!("src/{}:{}", file.path, import.line);
                match self.definer(&import.target, 0) {
                    Some(to) if to == *from => {}
                    Some(to) => edges.push(Edge {
                        from: from.clone(),
                        to,
                        place,
                    }),
                    None => faults.push(format!(
                        "{place}: cannot tell which file defines {}",
                        import.target.join("::")
                    )),
                }
            }
        }
        edges
    }

    /// The module whose file defines what a path names, seen through façades.
    fn definer(&self, path: &[String], through: usize) -> Option<String> {
        let longest = (0..=path.len())
            .rev()
            .find(|end| self.files.contains_key(&path[..*end].join("::")))?;
        let module = path[..longest].join("::");
        let file = self.files[&module];
        if !file.is_facade() {
            return Some(module);
        }
        let name = path.get(longest)?;
        let alias = file
            .aliases()
            .into_iter()
            .find(|alias| alias.name == *name)?;
        let target = [alias.target.as_slice(), &path[longest + 1..]].concat();
        (through < 8).then(|| self.definer(&target, through + 1))?
    }
}

fn top(module: &str) -> &str {
    module.split("::").next().unwrap_or_default()
}

fn too_high(edge: &Edge) -> Option<String> {
    let (own, other) = (floor(&edge.from)?, floor(&edge.to)?);
    (other > own).then(|| {
        format!(
            "{}: {} (floor {own}) imports {} (floor {other})",
            edge.place, edge.from, edge.to
        )
    })
}

fn strangers(edge: &Edge) -> Option<String> {
    let ends = [top(&edge.from), top(&edge.to)];
    let strange = ends[0] != ends[1] && ends.iter().all(|end| STRANGERS.contains(end));
    strange.then(|| format!("{}: {} must not import {}", edge.place, edge.from, edge.to))
}

/// The imports that lie on a circle.
///
/// In each folder its files and subfolders must not import each other in a circle. An import counts in the innermost folder
/// that holds both of its ends, so that each is looked at once: `admin::pages::step` importing `admin::command::form` is an
/// import of `command` by `pages` in the folder `admin`.
fn circles(edges: &[Edge]) -> Vec<String> {
    let mut folders: BTreeMap<String, BTreeMap<&str, BTreeSet<&str>>> = BTreeMap::new();
    for edge in edges {
        let (folder, from, to) = edge.within();
        let imports = folders.entry(folder).or_default();
        imports.entry(from).or_default().insert(to);
    }
    let closes = |edge: &&Edge| {
        let (folder, from, to) = edge.within();
        reaches(&folders[&folder], to, from)
    };
    let circle = edges.iter().filter(closes).map(|edge| {
        format!(
            "{}: {} imports {}, and the reverse by some way",
            edge.place, edge.from, edge.to
        )
    });
    circle.collect()
}

impl Edge {
    /// The innermost folder that holds both ends, and what in it holds the one and the other.
    fn within(&self) -> (String, &str, &str) {
        let pairs = self.from.split("::").zip(self.to.split("::"));
        let shared: Vec<&str> = pairs
            .take_while(|(from, to)| from == to)
            .map(|(part, _)| part)
            .collect();
        let [from, to] =
            [&self.from, &self.to].map(|end| end.split("::").nth(shared.len()).unwrap_or_default());
        (shared.join("::"), from, to)
    }
}

fn reaches(next: &BTreeMap<&str, BTreeSet<&str>>, from: &str, to: &str) -> bool {
    let mut seen = BTreeSet::new();
    let mut open = vec![from];
    while let Some(node) = open.pop() {
        if node == to {
            return true;
        }
        if seen.insert(node) {
            open.extend(next.get(node).into_iter().flatten());
        }
    }
    false
}
