//! The result of a proof.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::finding::{Finding, FindingKind, Verdict};

/// The result of a proof.
///
/// Displays as text, one finding after the other.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ProofReport {
    /// Proved, refuted, or neither.
    pub verdict: Verdict,
    /// How many operations were compared.
    pub operations: usize,
    /// The legacy shapes that are valid under OLD for all values, as `endpoint.outcome`.
    pub shapes_proved: Vec<String>,
    /// The findings: refuted, undecided, notes.
    pub findings: Vec<Finding>,
}

/// A finding that is known, and why it is accepted.
///
/// ```
/// use legacy_http_compat::openapi::AcceptedFinding;
///
/// let accepted: Vec<AcceptedFinding> =
///     serde_json::from_str(r#"[{"id": "status:GET /orders 418", "reason": "never reaches old clients"}]"#)?;
/// assert_eq!(accepted[0].id, "status:GET /orders 418");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AcceptedFinding {
    /// The id of the finding.
    pub id: String,
    /// Why it is accepted.
    pub reason: String,
}

impl ProofReport {
    pub(super) fn new(
        operations: usize,
        shapes_proved: Vec<String>,
        findings: Vec<Finding>,
    ) -> Self {
        let mut report = Self {
            verdict: Verdict::Proved,
            operations,
            shapes_proved,
            findings,
        };
        report.conclude();
        report
    }

    /// Accepts known findings. One that is accepted and not found is itself a finding.
    #[must_use]
    pub fn accept(mut self, accepted: &[AcceptedFinding]) -> Self {
        for AcceptedFinding { id, reason } in accepted {
            let found = self.findings.iter_mut().find(|finding| finding.id == *id);
            if let Some(finding) = found.filter(|finding| finding.verdict != Verdict::Note) {
                finding.accepted = Some(reason.clone());
            } else {
                let message = format!("`{id}` is accepted, and is not found any more");
                let mut gone = Finding::new(FindingKind::AcceptedGone, id, message);
                gone.verdict = Verdict::Refuted;
                self.findings.push(gone);
            }
        }
        self.conclude();
        self
    }

    /// How many findings stand in the way of a proof.
    #[must_use]
    pub fn open_findings(&self) -> usize {
        let open = self.findings.iter().filter(|finding| finding.counts());
        open.count()
    }

    /// One sentence: the verdict, and what it rests on.
    #[must_use]
    pub fn summary(&self) -> String {
        let count = |number: usize, what: &str| {
            let plural = if number == 1 { "" } else { "s" };
            format!("{number} {what}{plural}")
        };
        let operations = count(self.operations, "operation");
        let shapes = count(self.shapes_proved.len(), "legacy shape");
        let open = count(self.open_findings(), "open finding");
        let verdict = match self.verdict {
            Verdict::Refuted => "refuted",
            Verdict::CannotTell => "cannot tell",
            Verdict::Proved | Verdict::Note => "proved",
        };
        format!("{verdict}: {operations}, {shapes} proved, {open}")
    }

    fn conclude(&mut self) {
        let order = [Verdict::Refuted, Verdict::CannotTell, Verdict::Note];
        let rank = |finding: &Finding| {
            let rank = order.iter().position(|verdict| *verdict == finding.verdict);
            (finding.accepted.is_some(), rank)
        };
        self.findings.sort_by(|one, other| {
            rank(one)
                .cmp(&rank(other))
                .then_with(|| one.id.cmp(&other.id))
        });
        let open = |verdict| {
            let mut findings = self.findings.iter();
            findings.any(|finding| finding.counts() && finding.verdict == verdict)
        };
        self.verdict = if open(Verdict::Refuted) {
            Verdict::Refuted
        } else if open(Verdict::CannotTell) {
            Verdict::CannotTell
        } else {
            Verdict::Proved
        };
    }
}

impl fmt::Display for ProofReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", self.summary())?;
        for finding in &self.findings {
            write!(f, "\n{finding}")?;
        }
        Ok(())
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match (&self.accepted, self.verdict) {
            (Some(_), _) => "accepted",
            (None, Verdict::CannotTell) => "cannot tell",
            (None, verdict) => verdict.as_str(),
        };
        writeln!(f, "{verdict}: {}", self.message)?;
        writeln!(f, "  id: {}", self.id)?;
        if let Some(reason) = &self.accepted {
            writeln!(f, "  accepted: {reason}")?;
        }
        for place in &self.places {
            writeln!(f, "  at: {place}")?;
        }
        if self.places_left_out > 0 {
            writeln!(f, "  and {} more", self.places_left_out)?;
        }
        if let Some(example) = &self.example {
            writeln!(f, "  request: {}", shown(&example.request))?;
            if let Some(target) = &example.target {
                writeln!(f, "  target response: {}", shown(target))?;
            }
            if let Some(legacy) = &example.legacy {
                writeln!(f, "  legacy response: {}", shown(legacy))?;
            }
            writeln!(f, "  because: {}", example.violation)?;
        }
        if let Some(hint) = &self.hint {
            writeln!(f, "  hint: {hint}")?;
        }
        Ok(())
    }
}

fn shown(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_default()
}
