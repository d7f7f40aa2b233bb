//! A journal file.

use crate::{journals::OnDisk, pin::pin};

#[test]
fn a_line_of_every_kind_of_event_is_pinned() {
    pin("journal.txt", &OnDisk::story().lines().concat());
}
