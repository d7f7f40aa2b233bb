//! Opening a locked file beside tests that start processes.

use std::{thread, time::Duration};

/// Opens, again and again for some seconds while another has the file.
///
/// A process that any other test starts holds a copy of this one's locks between its fork and its exec.
pub(crate) fn once_free<T, E>(
    open: impl Fn() -> Result<T, E>,
    in_use: impl Fn(&E) -> bool,
) -> Result<T, E> {
    for _ in 0..500 {
        match open() {
            Err(error) if in_use(&error) => thread::sleep(Duration::from_millis(10)),
            opened => return opened,
        }
    }
    open()
}
