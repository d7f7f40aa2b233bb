//! Any text is a policy or refused with what is wrong; a policy can be written and read again, and is no looser than itself.

#![cfg_attr(fuzzing, no_main)]

use legacy_http_compat::rollout::policy::Policy;

#[cfg(fuzzing)]
libfuzzer_sys::fuzz_target!(|input: Input| run(input));

pub(crate) type Input<'a> = &'a str;

pub(crate) fn run(text: Input<'_>) {
    let policy = match Policy::from_json(text) {
        Ok(policy) => policy,
        Err(error) => return assert!(!error.to_string().is_empty()),
    };
    let again = Policy::from_document(&policy.to_document()).expect("what was written can be read");
    assert_eq!(policy, again);
}
