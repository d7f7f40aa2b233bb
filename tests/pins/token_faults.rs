//! What is said of faulty sets of tokens, one for each kind of fault.

use legacy_http_compat::admin::{TokenDigest, Tokens};

use crate::pin::pin;

#[test]
fn what_is_said_of_each_fault_of_a_set_of_tokens_is_pinned() {
    let (one, other) = (|| TokenDigest::of("one"), || TokenDigest::of("other"));
    let sets = [
        Tokens::builder(),
        Tokens::builder().operator("line\nbreak", one()),
        Tokens::builder()
            .viewer("mara", one())
            .operator("mara", other()),
        Tokens::builder()
            .viewer("mara", one())
            .viewer("noah", one()),
        Tokens::builder().viewer("mara", TokenDigest::of("")),
    ];
    let errors = sets.map(|set| set.build().unwrap_err().to_string() + "\n");
    pin("faults/tokens.txt", &errors.concat());
}
