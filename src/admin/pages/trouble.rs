//! Why a form was not carried out.

use http::StatusCode;
use serde::Deserialize as _;

use super::{entry::Entry, wording::titled};
use crate::time::Timestamp;
use crate::{
    admin::{
        command::Fault,
        problem::{Problem, ProblemKind},
    },
    rollout::event::Event,
};

/// Why a form was not carried out, in words for whoever sent it.
#[derive(Clone, Debug)]
pub(crate) struct Trouble {
    pub(crate) status: StatusCode,
    pub(crate) title: String,
    pub(crate) text: String,
    /// Fields, each with what would be right.
    pub(crate) faults: Vec<(String, String)>,
    /// What others did meanwhile, oldest first.
    pub(crate) happened: Vec<Entry>,
}

impl Trouble {
    /// What a command came to grief by.
    pub(crate) fn of(problem: &Problem, now: Timestamp) -> Self {
        let kind = problem.kind();
        let happened = problem.member("happened");
        let happened = happened.and_then(|events| Vec::<Event>::deserialize(events).ok());
        let happened = happened.unwrap_or_default();
        let advice = match kind {
            ProblemKind::Conflict => {
                " Nothing was done. Look at how things stand now, and decide again."
            }
            ProblemKind::GatesFailed | ProblemKind::OverrideMismatch => {
                " Nothing was done. The gates below are as they are now."
            }
            _ => "",
        };
        Self {
            status: kind.status(),
            title: kind.title().to_owned(),
            text: format!("{}{advice}", problem.detail()),
            faults: Vec::new(),
            happened: happened
                .iter()
                .map(|event| Entry::new(event, now))
                .collect(),
        }
    }

    /// What is wrong in the form itself.
    pub(crate) fn in_form(faults: &[Fault]) -> Self {
        let fault = |fault: &Fault| {
            let name = fault.place.trim_start_matches('/');
            let name = if name.is_empty() { "form" } else { name };
            let missing = fault.value.is_empty();
            let remedy = if missing {
                "fill this in"
            } else {
                &fault.remedy
            };
            (titled(name), remedy.to_owned())
        };
        Self {
            status: StatusCode::UNPROCESSABLE_ENTITY,
            title: "Something in the form is wrong".to_owned(),
            text: "Nothing was done.".to_owned(),
            faults: faults.iter().map(fault).collect(),
            happened: Vec::new(),
        }
    }
}
