//! Any text is a contract or refused with what is wrong; a contract can be written, read again and served.

#![cfg_attr(fuzzing, no_main)]

use legacy_http_compat::{
    CompatFlag, Contract, LegacyHttpCompatLayer, rollout::names::ContractDigest,
};

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a str;

pub(crate) fn run(text: Input<'_>) {
    let contract = match Contract::from_json(text) {
        Ok(contract) => contract,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let written = serde_json::to_string(&contract).expect("a contract can be written");
    let again = Contract::from_json(&written).expect("what was written can be read");
    assert_eq!(ContractDigest::of(&contract), ContractDigest::of(&again));
    let flag = CompatFlag::new("fuzzed", true);
    drop(LegacyHttpCompatLayer::new(contract, flag.reader()));
}
