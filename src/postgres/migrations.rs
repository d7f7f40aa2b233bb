//! The schema of the database.

use tokio_postgres::{Client, types::Type};

use super::error::{StoreError, StoreErrorKind};

/// A step of the schema.
struct Migration {
    sql: &'static str,
    /// The version of the crate that brought it.
    version: &'static str,
    /// The last migration that a binary must know to use a database with this one.
    needs: i32,
}

/// All of them; the first one has number 1. Never changed once released.
const MIGRATIONS: &[Migration] = &[
    Migration {
        sql: include_str!("migrations/0001_journal.sql"),
        version: "0.1.0",
        needs: 1,
    },
    Migration {
        sql: include_str!("migrations/0002_instances.sql"),
        version: "0.1.0",
        needs: 2,
    },
    Migration {
        sql: include_str!("migrations/0003_sessions.sql"),
        version: "0.1.0",
        needs: 3,
    },
    Migration {
        sql: include_str!("migrations/0004_census.sql"),
        version: "0.1.0",
        // It only adds: binaries that do not know it go on during a rolling upgrade.
        needs: 3,
    },
];

/// The number of the last one.
pub(super) const LATEST: i32 = 4;

const _: () = assert!(MIGRATIONS.len() == LATEST.unsigned_abs() as usize);

/// Two instances that migrate at the same time do so one after the other.
const ADVISORY_LOCK: i64 = 0x6c68_635f_6d69_6772;

/// What a runtime role may do: nothing that changes or removes an event.
const GRANTS: &str = "\
    grant usage on schema legacy_http_compat to {role};
    grant select on all tables in schema legacy_http_compat to {role};
    grant insert on legacy_http_compat.journal to {role};
    grant insert, update, delete on legacy_http_compat.instance, legacy_http_compat.lease, legacy_http_compat.session to {role};
    grant insert, update on legacy_http_compat.epoch to {role};
    grant insert, update, delete on legacy_http_compat.census, legacy_http_compat.census_name, legacy_http_compat.census_member,
        legacy_http_compat.census_interval, legacy_http_compat.census_caller, legacy_http_compat.census_responses,
        legacy_http_compat.census_failures, legacy_http_compat.census_overflow, legacy_http_compat.census_forgotten,
        legacy_http_compat.census_change to {role};
    revoke update, delete, truncate on legacy_http_compat.journal from {role};";

/// Whether this version can use the schema of a database.
pub(super) enum Schema {
    Usable,
    Unusable(StoreErrorKind),
}

/// Reads the schema of a database.
pub(super) async fn schema(client: &Client) -> Result<Schema, StoreError> {
    let Some(applied) = applied(client).await? else {
        return Ok(Schema::Unusable(StoreErrorKind::NotMigrated {
            found: 0,
            needed: LATEST,
        }));
    };
    Ok(applied.usable())
}

/// The last migration of a database, and what it needs.
struct Applied {
    number: i32,
    needs: i32,
    version: String,
}

impl Applied {
    fn usable(self) -> Schema {
        if self.needs > LATEST {
            return Schema::Unusable(StoreErrorKind::Newer {
                found: self.number,
                known: LATEST,
                version: self.version,
            });
        }
        if self.number < LATEST {
            return Schema::Unusable(StoreErrorKind::NotMigrated {
                found: self.number,
                needed: LATEST,
            });
        }
        Schema::Usable
    }
}

async fn applied(client: &Client) -> Result<Option<Applied>, StoreError> {
    let exists = client
        .query_typed_one(
            "select to_regclass($1) is not null",
            &[(&"legacy_http_compat.migration", Type::TEXT)],
        )
        .await
        .map_err(StoreError::statement)?;
    if !exists.get::<_, bool>(0) {
        return Ok(None);
    }
    let row = client
        .query_typed_opt(
            "select (select max(number) from legacy_http_compat.migration), needs, version \
                from legacy_http_compat.migration order by needs desc, number limit 1",
            &[],
        )
        .await
        .map_err(StoreError::statement)?;
    Ok(row.map(|row| Applied {
        number: row.get(0),
        needs: row.get(1),
        version: row.get(2),
    }))
}

/// Applies the migrations that are missing, and grants what a runtime role needs. Returns how many were applied.
pub(super) async fn migrate(
    client: &Client,
    runtime_role: Option<&str>,
) -> Result<i32, StoreError> {
    let before = begin(client).await?;
    let done = apply(client, before, runtime_role).await;
    let end = if done.is_ok() { "commit" } else { "rollback" };
    let ended = client.batch_execute(end).await;
    done?;
    ended.map_err(StoreError::statement)?;
    Ok((LATEST - before).max(0))
}

/// Begins a transaction that no other migration runs beside. Returns the last migration.
async fn begin(client: &Client) -> Result<i32, StoreError> {
    let first = format!(
        "begin; select pg_advisory_xact_lock({ADVISORY_LOCK});
        create schema if not exists legacy_http_compat;
        create table if not exists legacy_http_compat.migration (
            number int primary key,
            needs int not null,
            version text not null,
            applied timestamptz not null default clock_timestamp()
        );"
    );
    let begun = client.batch_execute(&first).await;
    let applied = match begun {
        Ok(()) => applied(client).await,
        Err(error) => Err(StoreError::statement(error)),
    };
    if applied.is_err() {
        // The error is the first one.
        let _ = client.batch_execute("rollback").await;
    }
    let applied = applied?;
    Ok(applied.map_or(0, |applied| applied.number))
}

async fn apply(client: &Client, before: i32, runtime_role: Option<&str>) -> Result<(), StoreError> {
    for (number, migration) in (1..)
        .zip(MIGRATIONS)
        .skip_while(|(number, _)| *number <= before)
    {
        client
            .batch_execute(migration.sql)
            .await
            .map_err(StoreError::statement)?;
        client
            .execute_typed(
                "insert into legacy_http_compat.migration (number, needs, version) values ($1, $2, $3)",
                &[
                    (&number, Type::INT4),
                    (&migration.needs, Type::INT4),
                    (&migration.version, Type::TEXT),
                ],
            )
            .await
            .map_err(StoreError::statement)?;
    }
    let Some(role) = runtime_role else {
        return Ok(());
    };
    let grants = GRANTS.replace("{role}", &quoted(role));
    client
        .batch_execute(&grants)
        .await
        .map_err(StoreError::statement)
}

/// An identifier of SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}
