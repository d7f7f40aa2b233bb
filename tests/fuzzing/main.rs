//! Every fuzz target accepts its seeds: what fuzzing once found, and what leads deep into the code.

mod one_frame;
mod sealed;
mod sown;
mod targets {
    pub(super) mod admin_commands;
    pub(super) mod contract_document;
    pub(super) mod frames;
    pub(super) mod history;
    pub(super) mod journal;
    pub(super) mod legacy_bodies;
    pub(super) mod openapi_document;
    pub(super) mod policy;
    pub(super) mod request_fields;
    pub(super) mod shape_document;
    pub(super) mod snapshot;
    pub(super) mod user_agent;
}

use targets::*;

macro_rules! seeds {
    ($($target:ident)*) => {$(
        #[test]
        fn $target() {
            sown::each(stringify!($target), |bytes| {
                if let Some(input) = sown::read::<$target::Input>(bytes) {
                    $target::run(input);
                }
            });
        }
    )*};
}

seeds! {
    admin_commands contract_document frames history journal legacy_bodies openapi_document policy request_fields shape_document snapshot user_agent
}
