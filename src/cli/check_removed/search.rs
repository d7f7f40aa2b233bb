//! Searches a tree for what must be removed, and reports it.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::{
    config_keys::ConfigKeys,
    manifests::Manifests,
    patterns::{Match, Patterns},
    source_tree::{SourceTree, Unreadable, read_text},
};
use crate::{
    cli::output::{Exit, Output, escape, json},
    rollout::names::FlagName,
};

/// How much of a line is shown, in characters.
const SHOWN: usize = 160;

/// The arguments of `check-removed`.
#[derive(Args)]
pub(in crate::cli) struct CheckRemovedArgs {
    /// The name of the flag, such as features.jobs.compat
    #[arg(long, value_name = "NAME")]
    flag: FlagName,
    /// The directories and files to search
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A file or directory to skip, such as a changelog that mentions the flag; repeatable
    #[arg(long, value_name = "PATH")]
    exclude: Vec<PathBuf>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Runs `check-removed`.
pub(in crate::cli) fn check_removed(args: &CheckRemovedArgs) -> Output {
    let tree = SourceTree::walk(&args.paths, &args.exclude);
    let search = Search::through(&tree, args.flag.as_str());
    let exit = search.exit();
    let text = if args.json {
        json(&search)
    } else {
        findings_text(&search, exit)
    };
    Output {
        text,
        errors: errors(&search),
        exit,
    }
}

fn findings_text(search: &Search<'_>, exit: Exit) -> String {
    let lines = search.findings.iter().map(|found| {
        let path = escape(&found.path);
        format!("{path}:{}: {}: {}\n", found.line, found.what, found.text)
    });
    let lines: Vec<String> = lines.collect();
    let (files, binary) = (search.files_read, search.binary_files);
    match exit {
        Exit::Success => format!("removed: {files} files read, {binary} binary files skipped\n"),
        _ => lines.concat(),
    }
}

fn errors(search: &Search<'_>) -> Vec<String> {
    let unreadable = search.unreadable.iter();
    let mut errors: Vec<String> = unreadable
        .map(|file| format!("cannot read {}: {}", escape(&file.path), file.message))
        .collect();
    if search.files_read == 0 && errors.is_empty() {
        errors.push("nothing is proved: no text file was found".to_owned());
    }
    if !search.findings.is_empty() {
        let left = match search.findings.len() {
            1 => "1 line is left".to_owned(),
            many => format!("{many} lines are left"),
        };
        errors.push(format!("not removed: {left}"));
    }
    errors
}

/// The result of a search.
#[derive(Serialize)]
struct Search<'a> {
    removed: bool,
    flag: &'a str,
    /// The number of text files.
    files_read: usize,
    /// The number of binary files, which are skipped.
    binary_files: usize,
    /// The matching lines, in the order of files and lines.
    findings: Vec<Finding>,
    /// The files that could not be read.
    unreadable: Vec<Unreadable>,
}

/// A matching line, or as line 0 the name of a file.
#[derive(Serialize)]
struct Finding {
    path: String,
    line: usize,
    what: Match,
    text: String,
}

/// What to search for in all files.
struct Wanted<'a> {
    flag: &'a str,
    patterns: Patterns,
    manifests: Manifests,
}

impl<'a> Search<'a> {
    /// Searches all files of a tree.
    fn through(tree: &SourceTree, flag: &'a str) -> Self {
        let mut search = Self {
            removed: false,
            flag,
            files_read: 0,
            binary_files: 0,
            findings: Vec::new(),
            unreadable: tree.unreadable.clone(),
        };
        let wanted = Wanted {
            flag,
            patterns: Patterns::new(flag),
            manifests: manifests(tree),
        };
        for path in &tree.files {
            search.findings.extend(wanted.in_name(path));
            match read_text(path) {
                Ok(Some(text)) => {
                    search.files_read += 1;
                    search.findings.extend(wanted.in_file(path, &text));
                }
                Ok(None) => search.binary_files += 1,
                Err(error) => search.unreadable.push(Unreadable::new(path, &error)),
            }
        }
        search.removed = search.exit() == Exit::Success;
        search
    }

    /// An unreadable file may hold anything, and without a file read nothing is proved.
    fn exit(&self) -> Exit {
        if !self.unreadable.is_empty() || self.files_read == 0 {
            Exit::Error
        } else if self.findings.is_empty() {
            Exit::Success
        } else {
            Exit::CheckFailed
        }
    }
}

impl Wanted<'_> {
    fn in_name(&self, path: &Path) -> Option<Finding> {
        let name = path.file_name()?.to_str()?;
        let what = self.patterns.find(name)?;
        Some(Finding::new(path, 0, what, name))
    }

    fn in_file(&self, path: &Path, text: &str) -> Vec<Finding> {
        let extension = path.extension().and_then(|extension| extension.to_str());
        let mut keys = extension.and_then(ConfigKeys::of_kind);
        let renamed = self.renamed(path, text);
        let mut found = Vec::new();
        for (index, line) in text.lines().enumerate() {
            let nested = keys
                .as_mut()
                .is_some_and(|keys| keys.reach(line, self.flag));
            let named = self.patterns.find(line).or(nested.then_some(Match::Flag));
            let renamed = || renamed.get(index).copied().flatten();
            let what = named.or_else(renamed);
            found.extend(what.map(|what| Finding::new(path, index + 1, what, line)));
        }
        found
    }

    /// What the lines of a manifest or of a Rust source match by other names of this crate.
    fn renamed(&self, path: &Path, text: &str) -> Vec<Option<Match>> {
        if is_manifest(path) {
            self.manifests.find_in_manifest(path, text)
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let lines = text.lines();
            lines
                .map(|line| self.manifests.find_in_rust(path, line))
                .collect()
        } else {
            Vec::new()
        }
    }
}

impl Finding {
    fn new(path: &Path, line: usize, what: Match, text: &str) -> Self {
        Self {
            path: path.display().to_string(),
            line,
            what,
            text: shown(text),
        }
    }
}

/// All manifests. An unreadable one is reported when it is searched.
fn manifests(tree: &SourceTree) -> Manifests {
    let manifests = tree.files.iter().filter(|path| is_manifest(path));
    Manifests::read(manifests.filter_map(|path| {
        let text = read_text(path).ok().flatten();
        text.map(|text| (path.as_path(), text))
    }))
}

fn is_manifest(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name == "Cargo.toml")
}

fn shown(line: &str) -> String {
    let line = line.trim();
    let mut shown = line.chars().take(SHOWN).collect::<String>();
    if line.chars().nth(SHOWN).is_some() {
        shown.push('…');
    }
    escape(&shown)
}
