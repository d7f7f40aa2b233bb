//! The table of sessions in the database.

use std::{fmt, sync::Arc, time::Duration};

use tokio_postgres::{Row, types::Type};

use super::{error::StoreError, session::millis, shared::Shared, store::PostgresStore};
use crate::{
    admin::{Role, SessionStore, SessionStoreError, SharedSession},
    rollout::names::{Actor, ActorId, ActorKind},
};

/// The sessions of the admin services of all instances, in a [`PostgresStore`].
pub struct PostgresSessions {
    shared: Arc<Shared>,
}

impl PostgresStore {
    /// The sessions of the admin services of all instances.
    #[must_use]
    pub fn sessions(&self) -> PostgresSessions {
        PostgresSessions {
            shared: Arc::clone(self.shared()),
        }
    }
}

impl SessionStore for PostgresSessions {
    fn begin(
        &self,
        key: &[u8; 32],
        session: &SharedSession,
        patience: Duration,
    ) -> Result<(), SessionStoreError> {
        let (key, session) = (*key, session.clone());
        let begun = self.shared.call(patience, move |live| async move {
            let most = i64::try_from(SharedSession::MAX_PER_ACTOR).unwrap_or(i64::MAX);
            live.client
                .execute_typed(
                    "with surplus as ( \
                        select key from legacy_http_compat.session where actor_kind = $2 and actor_id = $3 \
                            and ends > clock_timestamp() order by began desc offset $6 - 1 \
                    ), gone as ( \
                        delete from legacy_http_compat.session \
                        where ends <= clock_timestamp() or key in (select key from surplus) \
                    ) insert into legacy_http_compat.session (key, actor_kind, actor_id, role, ends) \
                    values ($1, $2, $3, $4, clock_timestamp() + make_interval(secs => $5 / 1000.0))",
                    &[
                        (&&key[..], Type::BYTEA),
                        (&session.actor.kind.as_str(), Type::TEXT),
                        (&session.actor.id.as_str(), Type::TEXT),
                        (&session.role.as_str(), Type::TEXT),
                        (&millis(session.left), Type::INT8),
                        (&most, Type::INT8),
                    ],
                )
                .await
                .map_err(StoreError::statement)
        });
        begun.map(drop).map_err(SessionStoreError::new)
    }

    fn find(
        &self,
        key: &[u8; 32],
        patience: Duration,
    ) -> Result<Option<SharedSession>, SessionStoreError> {
        let key = *key;
        let found = self.shared.call(patience, move |live| async move {
            let row = live
                .client
                .query_typed_opt(
                    "select actor_kind, actor_id, role, (extract(epoch from ends - clock_timestamp()) * 1000)::int8 \
                        from legacy_http_compat.session where key = $1 and ends > clock_timestamp()",
                    &[(&&key[..], Type::BYTEA)],
                )
                .await
                .map_err(StoreError::statement)?;
            Ok(row.as_ref().and_then(session))
        });
        found.map_err(SessionStoreError::new)
    }

    fn end(&self, key: &[u8; 32], patience: Duration) -> Result<(), SessionStoreError> {
        let key = *key;
        let ended = self.shared.call(patience, move |live| async move {
            live.client
                .execute_typed(
                    "delete from legacy_http_compat.session where key = $1",
                    &[(&&key[..], Type::BYTEA)],
                )
                .await
                .map_err(StoreError::statement)
        });
        ended.map(drop).map_err(SessionStoreError::new)
    }
}

/// The session of a row; `None` if a later version wrote what this one does not know.
fn session(row: &Row) -> Option<SharedSession> {
    let kind = ActorKind::find(row.get(0))?;
    let id = ActorId::new(row.get::<_, &str>(1)).ok()?;
    Some(SharedSession {
        actor: Actor::new(kind, id),
        role: Role::find(row.get(2))?,
        left: Duration::from_millis(row.get::<_, i64>(3).unsigned_abs()),
    })
}

impl fmt::Debug for PostgresSessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresSessions").finish_non_exhaustive()
    }
}
