//! Who has signed in.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use sha2::{Digest as _, Sha256};

use super::{
    principal::{Principal, SessionKey, Via},
    role::Role,
};
use crate::rollout::names::Actor;

/// Who has signed in. Sessions live in the memory of the process: a restart ends them all.
#[derive(Debug)]
pub(crate) struct Sessions {
    lifetime: Duration,
    open: Mutex<HashMap<SessionKey, Session>>,
}

#[derive(Clone, Debug)]
struct Session {
    actor: Actor,
    role: Role,
    /// By the monotonic clock, so that no jump of the wall clock lengthens it.
    began: Duration,
}

/// What the cookie of a session holds: 256 random bits in hexadecimal digits.
pub(crate) struct SessionSecret(String);

impl Sessions {
    /// So many may be open under one name. The oldest goes first, so that nobody ends the sessions of others by signing in.
    pub(crate) const MOST_OF_ONE: usize = 16;

    pub(crate) fn new(lifetime: Duration) -> Self {
        Self {
            lifetime,
            open: Mutex::default(),
        }
    }

    pub(crate) const fn lifetime(&self) -> Duration {
        self.lifetime
    }

    /// Begins a session for whoever has shown a token.
    ///
    /// # Errors
    ///
    /// When the operating system has no random bytes.
    pub(crate) fn begin(
        &self,
        principal: &Principal,
        now: Duration,
    ) -> Result<SessionSecret, getrandom::Error> {
        let secret = SessionSecret::random()?;
        let mut open = self.open();
        open.retain(|_, session| self.holds(session, now));
        let of_one = open
            .iter()
            .filter(|(_, session)| session.actor == *principal.actor());
        if of_one.clone().count() >= Self::MOST_OF_ONE {
            let oldest = of_one.min_by_key(|(_, session)| session.began);
            if let Some(oldest) = oldest.map(|(key, _)| *key) {
                open.remove(&oldest);
            }
        }
        let session = Session {
            actor: principal.actor().clone(),
            role: principal.role(),
            began: now,
        };
        open.insert(key(secret.as_str()), session);
        Ok(secret)
    }

    /// Who holds the secret of a session that is open.
    pub(crate) fn find(&self, secret: &str, now: Duration) -> Option<Principal> {
        let key = key(secret);
        let open = self.open();
        let session = open.get(&key).filter(|session| self.holds(session, now))?;
        let (actor, role) = (session.actor.clone(), session.role);
        Some(Principal::new(actor, role, Via::Session(key)))
    }

    /// Whether a session is still open.
    pub(crate) fn is_open(&self, key: SessionKey, now: Duration) -> bool {
        let open = self.open();
        open.get(&key)
            .is_some_and(|session| self.holds(session, now))
    }

    pub(crate) fn end(&self, secret: &str) {
        self.open().remove(&key(secret));
    }

    fn holds(&self, session: &Session, now: Duration) -> bool {
        now.saturating_sub(session.began) < self.lifetime
    }

    fn open(&self) -> MutexGuard<'_, HashMap<SessionKey, Session>> {
        // Each change of the map is one call, so it is whole whatever became of the thread that held the lock.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl SessionSecret {
    fn random() -> Result<Self, getrandom::Error> {
        let mut bytes = [0; 32];
        getrandom::fill(&mut bytes)?;
        let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]);
        let digits = digits.filter_map(|digit| char::from_digit(digit.into(), 16));
        Ok(Self(digits.collect()))
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// Kept under its hash, so that neither a dump of the memory nor the time of a look-up gives a secret away.
fn key(secret: &str) -> SessionKey {
    SessionKey(Sha256::digest(secret).into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Duration = Duration::from_secs(3_600);

    fn principal(name: &str) -> Principal {
        Principal::new(Actor::human(name).unwrap(), Role::Operator, Via::Bearer)
    }

    fn begin(sessions: &Sessions, name: &str, now: Duration) -> String {
        sessions
            .begin(&principal(name), now)
            .unwrap_or_else(|error| panic!("{error}"))
            .0
    }

    #[test]
    fn a_session_ends_with_its_lifetime_or_when_it_is_ended() {
        let sessions = Sessions::new(HOUR);
        let secret = begin(&sessions, "mara", HOUR);
        assert_eq!(secret.len(), 64);
        let found = sessions.find(&secret, HOUR).unwrap();
        assert_eq!(found.actor().id().as_str(), "mara");
        let Via::Session(key) = found.via() else {
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
    fn the_oldest_of_one_name_goes_first_and_others_stay() {
        let sessions = Sessions::new(HOUR);
        let other = begin(&sessions, "ops", Duration::ZERO);
        let first = begin(&sessions, "mara", Duration::from_secs(1));
        for second in 0..Sessions::MOST_OF_ONE as u64 {
            begin(&sessions, "mara", Duration::from_secs(2 + second));
        }
        let now = Duration::from_secs(60);
        assert!(sessions.find(&first, now).is_none());
        assert!(sessions.find(&other, now).is_some());
        assert_eq!(sessions.open().len(), Sessions::MOST_OF_ONE + 1);
    }

    #[test]
    fn no_secret_is_kept_or_shown() {
        let sessions = Sessions::new(HOUR);
        let secret = begin(&sessions, "mara", HOUR);
        assert!(!format!("{sessions:?}").contains(&secret));
    }
}
