//! What is asked, and the answer.

use std::path::PathBuf;

use clap::Args;
use legacy_http_compat::rollout::FlagName;
use serde::Serialize;

use super::{
    search::{Found, Search},
    walk::{Tree, Unreadable},
};
use crate::{
    answer::{Answer, Exit, json},
    printable::printable,
};

/// What is asked.
#[derive(Args)]
pub(crate) struct Request {
    /// The name of the flag, such as features.jobs.compat
    #[arg(long, value_name = "NAME")]
    flag: FlagName,
    /// The trees to look through; a file is looked through too
    #[arg(required = true, value_name = "PATH")]
    paths: Vec<PathBuf>,
    /// A file or directory to leave out, such as a changelog that tells of the flag; may be given again
    #[arg(long, value_name = "PATH")]
    exclude: Vec<PathBuf>,
    /// Answer as JSON
    #[arg(long)]
    json: bool,
}

#[derive(Serialize)]
struct Verdict<'a> {
    withdrawn: bool,
    flag: &'a FlagName,
    files_read: usize,
    binary_files: usize,
    findings: &'a [Found],
    unreadable: &'a [Unreadable],
}

/// Looks through the trees.
pub(crate) fn run(request: &Request) -> Answer {
    let tree = Tree::walk(&request.paths, &request.exclude);
    let search = Search::through(&tree, request.flag.as_str());
    let exit = exit(&search);
    let output = if request.json {
        json(&Verdict {
            withdrawn: exit == Exit::Holds,
            flag: &request.flag,
            files_read: search.files,
            binary_files: search.binary,
            findings: &search.found,
            unreadable: &search.unreadable,
        })
    } else {
        text(&search, exit)
    };
    Answer {
        output,
        complaints: complaints(&search),
        exit,
    }
}

/// What could not be read may hold anything, and where nothing was read nothing is proved.
fn exit(search: &Search) -> Exit {
    if !search.unreadable.is_empty() || search.files == 0 {
        Exit::CannotTell
    } else if search.found.is_empty() {
        Exit::Holds
    } else {
        Exit::DoesNotHold
    }
}

fn text(search: &Search, exit: Exit) -> String {
    let lines = search.found.iter().map(|found| {
        let path = printable(&found.path);
        format!(
            "{path}:{}: {}: {}\n",
            found.line,
            found.what.as_str(),
            found.text
        )
    });
    let lines: Vec<String> = lines.collect();
    let (files, binary) = (search.files, search.binary);
    match exit {
        Exit::Holds => format!("withdrawn: {files} files read, {binary} binary ones passed over\n"),
        _ => lines.concat(),
    }
}

fn complaints(search: &Search) -> Vec<String> {
    let unreadable = search.unreadable.iter();
    let mut complaints: Vec<String> = unreadable
        .map(|file| format!("cannot read {}: {}", printable(&file.path), file.message))
        .collect();
    if search.files == 0 && complaints.is_empty() {
        complaints.push("nothing is proved: there was no text file to read".to_owned());
    }
    if !search.found.is_empty() {
        let left = match search.found.len() {
            1 => "1 line is left".to_owned(),
            many => format!("{many} lines are left"),
        };
        complaints.push(format!("not withdrawn: {left}"));
    }
    complaints
}
