//! Journals as files: export, import, and checking them line by line.

use std::{io::BufRead, time::Duration};

use tokio_postgres::types::Type;
use uuid::Uuid;

use super::{
    error::{StoreError, StoreErrorKind},
    mirror::Row,
    rows::{number, rows},
    store::PostgresStore,
};
use crate::rollout::{
    event::Head,
    journal::{JournalReader, ReadError},
    names::FlagName,
};

/// How long moving or reading a whole journal may take.
const PATIENCE: Duration = Duration::from_secs(60);

impl PostgresStore {
    /// The flags that have a journal here, in alphabetical order.
    ///
    /// # Errors
    ///
    /// When the server does not respond in time, or refuses.
    pub fn flags(&self) -> Result<Vec<FlagName>, StoreError> {
        self.shared().call(PATIENCE, |live| async move {
            let rows = live
                .client
                .query_typed(
                    "select distinct flag from legacy_http_compat.journal order by flag",
                    &[],
                )
                .await
                .map_err(StoreError::statement)?;
            let names = rows.iter().map(|row| FlagName::new(row.get::<_, &str>(0)));
            // Only names of flags are written there.
            Ok(names.filter_map(Result::ok).collect())
        })
    }

    /// The lines of a flag's journal as they are, which together are a journal file.
    ///
    /// # Errors
    ///
    /// When the server does not respond in time, or refuses.
    pub fn export(&self, flag: &FlagName) -> Result<Vec<u8>, StoreError> {
        let rows = self.rows(flag)?;
        Ok(rows.into_iter().flat_map(|row| row.line).collect())
    }

    /// Reads all lines of a flag's journal, and checks each one against the one before it. Returns the head.
    ///
    /// # Errors
    ///
    /// When the server does not respond in time, or refuses; the first line that is not as it was written.
    pub fn check(&self, flag: &FlagName) -> Result<Head, StoreError> {
        let mut head = Head::NONE;
        for row in self.rows(flag)? {
            let event = row.decode(head);
            let event = event.map_err(|fault| StoreError::journal(ReadError::from(fault)))?;
            head = event.head();
        }
        Ok(head)
    }

    /// Writes the lines of a journal file as the journal of a flag that has none, all or nothing. Returns the head.
    ///
    /// # Errors
    ///
    /// When a line is not as it was written, or torn; when the flag has a journal already; when the server does not respond
    /// in time, or refuses.
    pub fn import(&self, flag: &FlagName, file: impl BufRead) -> Result<Head, StoreError> {
        let mut reader = JournalReader::new(file);
        let (mut seqs, mut hashes, mut lines, mut attempts) = (vec![], vec![], vec![], vec![]);
        while let Some(event) = reader.next() {
            let event = event.map_err(StoreError::journal)?;
            seqs.push(number(event.seq));
            hashes.push(event.hash.as_bytes().to_vec());
            lines.push(reader.line().to_vec());
            attempts.push(Uuid::new_v4().to_string());
        }
        if let Some(torn) = reader.torn() {
            let why = format!("line {} is torn", torn.line);
            return Err(StoreError::because(StoreErrorKind::Journal, why));
        }
        let (head, flag) = (reader.head(), flag.clone());
        let expected = seqs.len() as u64;
        let written = self.shared().call(PATIENCE, |live| async move {
            live.client
                .execute_typed(
                    "insert into legacy_http_compat.journal (flag, seq, hash, line, attempt) \
                        select $1, seq, hash, line, attempt::uuid \
                        from unnest($2::int8[], $3::bytea[], $4::bytea[], $5::text[]) as file (seq, hash, line, attempt) \
                        where not exists (select from legacy_http_compat.journal where flag = $1)",
                    &[
                        (&flag.as_str(), Type::TEXT),
                        (&seqs, Type::INT8_ARRAY),
                        (&hashes, Type::BYTEA_ARRAY),
                        (&lines, Type::BYTEA_ARRAY),
                        (&attempts, Type::TEXT_ARRAY),
                    ],
                )
                .await
                .map_err(StoreError::statement)
        })?;
        if written != expected {
            let why = "the flag has a journal already";
            return Err(StoreError::because(StoreErrorKind::Refused, why));
        }
        Ok(head)
    }

    fn rows(&self, flag: &FlagName) -> Result<Vec<Row>, StoreError> {
        let flag = flag.clone();
        self.shared().call(PATIENCE, |live| async move {
            let mut all: Vec<Row> = Vec::new();
            loop {
                let from = all.last().map_or(1, |row| row.seq + 1);
                let more = rows(&live.client, flag.as_str(), from).await?;
                if more.is_empty() {
                    return Ok(all);
                }
                all.extend(more);
            }
        })
    }
}
