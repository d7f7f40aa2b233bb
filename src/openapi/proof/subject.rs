//! The operation that is being proved.

use super::{
    confirmation::Case, exchange_parts::Input, possible::Possible, prover::ContractEndpoint,
};
use crate::openapi::{document::operation::Operation, values::value_set::ValueSet};

/// One operation in both documents, and its endpoint of the contract.
pub(super) struct Subject<'c, 'd> {
    pub(super) old: Option<&'c Operation<'d>>,
    pub(super) new: &'c Operation<'d>,
    pub(super) endpoint: Option<ContractEndpoint<'c>>,
    /// The bodies of requests.
    pub(super) requests: Option<ValueSet<'d>>,
    pub(super) name: String,
}

/// What is given of an operation, and which outcomes occur.
#[derive(Default)]
pub(super) struct Given {
    pub(super) statuses: Vec<u16>,
    /// Classes of which NEW can give any status; 0 for all.
    pub(super) classes: Vec<u16>,
    pub(super) occurring: Vec<String>,
}

impl<'c, 'd> Subject<'c, 'd> {
    /// The responses that examples are taken from.
    pub(super) fn case<'b>(
        &'b self,
        target: &'b Possible<'d>,
        inputs: Option<&'b [Input]>,
    ) -> Case<'b, 'd>
    where
        'c: 'b,
    {
        Case {
            old: self.old,
            new: self.new,
            endpoint: self.endpoint,
            target,
            inputs,
        }
    }
}
