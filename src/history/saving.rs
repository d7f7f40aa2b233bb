//! Saving a history.

use std::io;

use super::history::History;
use crate::{
    census::SnapshotStatus,
    storage::{codec::Writer, saver::Saver},
};

impl History {
    /// How the writing of the file goes; `None` if there is no file.
    #[must_use]
    pub fn file_status(&self) -> Option<SnapshotStatus> {
        self.saver.as_ref().map(Saver::status)
    }

    /// Writes the file now, as of the last tick, and waits for the disk. Without a file it does nothing.
    ///
    /// # Errors
    ///
    /// When it could not be written; the file is then as it was before. [`History::file_status`] shows it as well.
    pub fn save(&self) -> io::Result<()> {
        let Some(saver) = &self.saver else {
            return Ok(());
        };
        saver.save(&*self.clock, |writer| {
            // Made inside, so that of two who save at once the later writes the newer.
            writer.bytes(&self.body())
        })
    }

    /// The history as bytes, for [`HistoryBuilder::open_bytes`](super::HistoryBuilder::open_bytes).
    ///
    /// # Errors
    ///
    /// None that a buffer in memory gives.
    pub fn to_bytes(&self) -> io::Result<Vec<u8>> {
        let mut writer = Writer::new(Vec::new());
        writer.bytes(&self.body())?;
        Ok(writer.finish()?.1)
    }

    fn body(&self) -> Vec<u8> {
        self.book().to_bytes(self.window)
    }
}
