//! The sessions of browsers.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{
    identity::{Principal, Role, SessionKey, Via},
    session_store::{SessionStore, SharedSession},
};
use crate::rollout::names::Actor;

/// Open sessions. They live in memory, where a restart ends them all, unless there is a table that outlives it.
#[derive(Debug)]
pub(crate) struct Sessions {
    lifetime: Duration,
    open: Mutex<HashMap<SessionKey, Session>>,
    /// The table that the services of several instances share; then `open` is a copy of what was found there.
    table: Option<Arc<dyn SessionStore>>,
}

#[derive(Clone, Debug)]
struct Session {
    actor: Actor,
    role: Role,
    /// By the monotonic clock, so that a jump of the wall clock does not extend it.
    began: Duration,
    /// When the table last had it.
    checked: Duration,
}

/// How long one call to the table may take.
const PATIENCE: Duration = Duration::from_millis(500);

/// The same for a session that is known here.
const KNOWN_PATIENCE: Duration = Duration::from_millis(100);

/// For how long what the table had is taken for true, which bounds how long a session outlives its end at another instance.
const CHECKED_FOR: Duration = Duration::from_secs(2);

/// The value of a session cookie: 256 random bits in hexadecimal.
pub(crate) struct SessionSecret(String);

impl Sessions {
    /// The most sessions of one actor. Beyond it the oldest ends, so that signing in never ends the sessions of others.
    const MAX_PER_ACTOR: usize = SharedSession::MAX_PER_ACTOR;

    pub(crate) fn new(lifetime: Duration, table: Option<Arc<dyn SessionStore>>) -> Self {
        Self {
            lifetime,
            open: Mutex::default(),
            table,
        }
    }

    /// Whether a look-up may wait for a table.
    pub(crate) const fn are_shared(&self) -> bool {
        self.table.is_some()
    }

    pub(crate) const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Begins a session. May wait for a table; while that is away, the session is of this instance alone.
    ///
    /// # Errors
    ///
    /// If the operating system has no random bytes.
    pub(crate) fn begin(
        &self,
        principal: &Principal,
        now: Duration,
    ) -> Result<SessionSecret, getrandom::Error> {
        let secret = SessionSecret::random()?;
        if let Some(table) = &self.table {
            let session = SharedSession {
                actor: principal.actor.clone(),
                role: principal.role,
                left: self.lifetime,
            };
            let SessionKey(key) = key(secret.as_str());
            if let Err(error) = table.begin(&key, &session, PATIENCE) {
                tracing::warn!(%error, "a session is of this instance alone");
            }
        }
        let mut open = self.open();
        open.retain(|_, session| self.is_within_lifetime(session, now));
        let of_actor = open
            .iter()
            .filter(|(_, session)| session.actor == principal.actor);
        if of_actor.clone().count() >= Self::MAX_PER_ACTOR {
            let oldest = of_actor.min_by_key(|(_, session)| session.began);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                open.remove(&oldest);
            }
        }
        let session = Session {
            actor: principal.actor.clone(),
            role: principal.role,
            began: now,
            checked: now,
        };
        open.insert(key(secret.as_str()), session);
        Ok(secret)
    }

    /// The principal of the open session with this secret. May wait for a table; while that is away, what it had before counts.
    pub(crate) fn find(&self, secret: &str, now: Duration) -> Option<Principal> {
        let key = key(secret);
        self.check(key, now);
        let open = self.open();
        let session = open
            .get(&key)
            .filter(|session| self.is_within_lifetime(session, now))?;
        Some(Principal {
            actor: session.actor.clone(),
            role: session.role,
            via: Via::Session(key),
        })
    }

    /// Whether a session is still open. May wait for a table.
    pub(crate) fn is_open(&self, key: SessionKey, now: Duration) -> bool {
        self.check(key, now);
        let open = self.open();
        open.get(&key)
            .is_some_and(|session| self.is_within_lifetime(session, now))
    }

    /// Ends a session. May wait for a table; one that is away has the session until it expires.
    pub(crate) fn end(&self, secret: &str) {
        let key = key(secret);
        self.open().remove(&key);
        if let Some(table) = &self.table
            && let Err(error) = table.end(&key.0, PATIENCE)
        {
            tracing::warn!(%error, "a session was ended on this instance alone");
        }
    }

    /// Takes over what the table has, unless that was checked a moment ago.
    fn check(&self, key: SessionKey, now: Duration) {
        let Some(table) = &self.table else {
            return;
        };
        let recent = |session: &Session| now.saturating_sub(session.checked) < CHECKED_FOR;
        let (is_known, is_recent) = {
            let open = self.open();
            let known = open.get(&key);
            (known.is_some(), known.is_some_and(recent))
        };
        if is_recent {
            return;
        }
        // A rollback by one that is known does not wait for a table that hangs.
        let patience = if is_known { KNOWN_PATIENCE } else { PATIENCE };
        match table.find(&key.0, patience) {
            Ok(Some(found)) => {
                let lasted = self.lifetime.saturating_sub(found.left);
                let session = Session {
                    actor: found.actor,
                    role: found.role,
                    began: now.saturating_sub(lasted),
                    checked: now,
                };
                self.open().insert(key, session);
            }
            Ok(None) => {
                self.open().remove(&key);
            }
            Err(error) => tracing::warn!(%error, "a session is known by this instance alone"),
        }
    }

    fn is_within_lifetime(&self, session: &Session, now: Duration) -> bool {
        now.saturating_sub(session.began) < self.lifetime
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionKey, Session>> {
        // Each change of the map is one call, so the map stays valid if a thread panics while it holds the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionSecret {
    fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        Ok(Self(hex::encode(bytes)))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Sessions are kept under a hash, so that neither a memory dump nor the time of a look-up reveals a secret.
fn key(secret: &str) -> SessionKey {
    SessionKey(Sha256::digest(secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn principal(name: &str) -> Principal {
        Principal {
            actor: Actor::human(name).unwrap(),
            role: Role::Operator,
            via: Via::Bearer,
        }
    }

    fn begin(sessions: &Sessions, name: &str, now: Duration) -> String {
        sessions
            .begin(&principal(name), now)
            .unwrap_or_else(|error| panic!("{error}"))
            .0
    }

    #[test]
    fn a_session_ends_with_its_lifetime_or_by_request() {
        let sessions = Sessions::new(HOUR, None);
        let secret = begin(&sessions, "mara", HOUR);
        assert_eq!(secret.len(), 64);
        let found = sessions.find(&secret, HOUR).unwrap();
        assert_eq!(found.actor.id.as_str(), "mara");
        let Via::Session(key) = found.via else {
            panic!("{found:?}")
        };
        assert!(sessions.is_open(key, HOUR + Duration::from_millis(3_599_999)));
        assert!(!sessions.is_open(key, 2 * HOUR));
        assert!(sessions.find(&secret, 2 * HOUR).is_none());

        let secret = begin(&sessions, "mara", 2 * HOUR);
        sessions.end(&secret);
        assert!(sessions.find(&secret, 2 * HOUR).is_none());
    }

    #[test]
    fn the_oldest_session_of_an_actor_ends_first_and_others_stay() {
        let sessions = Sessions::new(HOUR, None);
        let other = begin(&sessions, "ops", Duration::ZERO);
        let first = begin(&sessions, "mara", Duration::from_secs(1));
        for second in 0..Sessions::MAX_PER_ACTOR as u64 {
            begin(&sessions, "mara", Duration::from_secs(2 + second));
        }
        let now = Duration::from_secs(60);
        assert!(sessions.find(&first, now).is_none());
        assert!(sessions.find(&other, now).is_some());
        assert_eq!(sessions.open().len(), Sessions::MAX_PER_ACTOR + 1);
    }

    #[test]
    fn no_secret_is_kept_or_shown() {
        let sessions = Sessions::new(HOUR, None);
        let secret = begin(&sessions, "mara", HOUR);
        assert!(!format!("{sessions:?}").contains(&secret));
    }
}
