//! The journal as its users see it: appending, reading, waiting, several at once, and files that are not as they were.

mod broken;
mod files;
mod torn;
mod using;
mod writers;

use crate::{events, temp_dir};
