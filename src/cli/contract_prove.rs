//! `contract prove`: whether old clients get only responses that their document allows.

use std::{
    fs,
    path::{Path, PathBuf},
};

use clap::Args;
use serde::Serialize;

use super::output::{Exit, Output, escape, json};
use crate::{
    Contract,
    document::Document,
    openapi::{AcceptedFinding, ApiDocument, ProofReport, Verdict, draft, prove},
    rollout::names::ContractDigest,
};

#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "help texts show no markup")]
pub(super) struct ProveArgs {
    /// The OpenAPI document that old clients were written for (3.0 or 3.1, JSON or YAML)
    #[arg(long)]
    old: PathBuf,
    /// The OpenAPI document of what the handlers respond now
    #[arg(long)]
    new: PathBuf,
    /// The contract documents (JSON); without any, the responses are compared as they are
    #[arg(value_name = "CONTRACT")]
    contracts: Vec<PathBuf>,
    /// Print JSON, with the report of the check `openapi` in the member `check`
    #[arg(long)]
    json: bool,
    /// Findings that are known (JSON): [{"id": …, "reason": …}]
    #[arg(long, value_name = "FILE")]
    accept: Option<PathBuf>,
    /// The folder beneath which references to other files are followed; unless given, the folder of each document
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

#[derive(Args)]
#[expect(clippy::doc_markdown, reason = "help texts show no markup")]
pub(super) struct DraftArgs {
    /// The OpenAPI document that old clients were written for (3.0 or 3.1, JSON or YAML)
    #[arg(long)]
    old: PathBuf,
    /// The OpenAPI document of what the handlers respond now
    #[arg(long)]
    new: PathBuf,
    /// The folder beneath which references to other files are followed; unless given, the folder of each document
    #[arg(long, value_name = "FOLDER")]
    root: Option<PathBuf>,
}

/// What `--json` prints.
#[derive(Serialize)]
struct Printed<'r> {
    check: CheckReport,
    #[serde(flatten)]
    report: &'r ProofReport,
}

/// The body of the admin API's `POST …/checks`.
#[derive(Serialize)]
struct CheckReport {
    check: &'static str,
    green: bool,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    contract_digest: Option<String>,
}

pub(super) fn run(args: &ProveArgs) -> Output {
    match report(args) {
        Ok((report, contracts)) => output(&report, &contracts, args.json),
        Err(why) => Output::failure(Exit::Error, escape(&why)),
    }
}

/// `contract draft`: a contract to start from.
pub(super) fn run_draft(args: &DraftArgs) -> Output {
    match documents(&args.old, &args.new, args.root.as_deref()) {
        Ok([old, new]) => Output::success(draft(&old, &new)),
        Err(why) => Output::failure(Exit::Error, escape(&why)),
    }
}

fn documents(old: &Path, new: &Path, root: Option<&Path>) -> Result<[ApiDocument; 2], String> {
    let read = |path: &Path| ApiDocument::read(path, root).map_err(|error| error.to_string());
    Ok([read(old)?, read(new)?])
}

fn report(args: &ProveArgs) -> Result<(ProofReport, Vec<Contract>), String> {
    let [old, new] = documents(&args.old, &args.new, args.root.as_deref())?;
    let contracts = args.contracts.iter().map(|path| contract(path));
    let contracts: Vec<Contract> = contracts.collect::<Result<_, _>>()?;
    let accepted = match &args.accept {
        Some(path) => accepted(path)?,
        None => Vec::new(),
    };
    let report = prove(&old, &new, &contracts).accept(&accepted);
    Ok((report, contracts))
}

fn contract(path: &Path) -> Result<Contract, String> {
    let document = Document::from_json(&text(path)?);
    let document = document.map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(document.contract().clone())
}

fn accepted(path: &Path) -> Result<Vec<AcceptedFinding>, String> {
    let accepted = serde_json::from_str(&text(path)?);
    accepted.map_err(|error| format!("{}: {error}", path.display()))
}

fn text(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|error| format!("cannot read {}: {error}", path.display()))
}

fn output(report: &ProofReport, contracts: &[Contract], as_json: bool) -> Output {
    let text = if as_json {
        let check = CheckReport::of(report, contracts);
        json(&Printed { check, report })
    } else {
        let lines = report.to_string();
        let lines: Vec<String> = lines.lines().map(escape).collect();
        lines.join("\n") + "\n"
    };
    let exit = match report.verdict {
        Verdict::Proved | Verdict::Note => return Output::success(text),
        Verdict::Refuted => Exit::CheckFailed,
        Verdict::CannotTell => Exit::Error,
    };
    Output::failure(exit, report.summary()).with_text(text)
}

impl CheckReport {
    fn of(report: &ProofReport, contracts: &[Contract]) -> Self {
        // The digest of one contract says which one is served; several have none in common.
        let contract_digest = match contracts {
            [only] => Some(ContractDigest::of(only).to_string()),
            _ => None,
        };
        Self {
            check: "openapi",
            green: report.verdict == Verdict::Proved,
            reason: report.summary(),
            contract_digest,
        }
    }
}
