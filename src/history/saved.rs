//! Reading a history, from bytes that nobody vouches for.

use super::{
    callers::SavedCallers,
    format::{FORM, LATEST},
    responses::SavedAnswers,
};
use crate::{
    census::timeline::ORIGIN,
    storage::{
        codec::{Malformed, Read, Reader},
        unreadable::Unreadable,
    },
};

/// What was saved.
#[derive(Debug)]
pub(super) struct Saved<'a> {
    pub(super) time: u64,
    pub(super) wall: u64,
    /// In milliseconds.
    pub(super) window: u64,
    pub(super) callers: SavedCallers<'a>,
    pub(super) responses: SavedAnswers,
}

impl<'a> Saved<'a> {
    pub(super) fn read(bytes: &'a [u8]) -> Result<Self, Unreadable> {
        let reader = FORM.open(bytes)?;
        Self::read_body(reader).map_err(|Malformed| Unreadable::Corrupt)
    }

    fn read_body(mut reader: Reader<'a>) -> Read<Self> {
        let reader = &mut reader;
        let time = reader.u64()?;
        if !(ORIGIN..=LATEST).contains(&time) {
            return Err(Malformed);
        }
        let saved = Self {
            time,
            wall: reader.u64()?,
            window: reader.u64()?,
            callers: SavedCallers::read(reader, time)?,
            responses: SavedAnswers::read(reader, time)?,
        };
        reader.is_empty().then_some(saved).ok_or(Malformed)
    }
}
