//! Approved clients and their access tokens.

use std::{
    collections::HashMap,
    sync::{Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use uuid::Uuid;

use super::{
    kind::ClientKind,
    secret::{Digest, fresh_secret},
};

/// How long an access token lives.
pub(crate) const TOKEN_LIFETIME: Duration = Duration::from_secs(60 * 60);

/// Approved clients by id. Secrets and tokens are stored as digests only.
#[derive(Default)]
pub(crate) struct Clients {
    table: Mutex<Table>,
}

/// The credentials of a new client, shown once.
pub(crate) struct Credentials {
    pub(crate) client_id: String,
    pub(crate) secret_key: String,
}

#[derive(Default)]
struct Table {
    clients: HashMap<String, Client>,
    /// Client ids by token.
    tokens: HashMap<Digest, String>,
}

struct Client {
    kind: ClientKind,
    secret_key: Digest,
    token: Option<Token>,
}

#[derive(Clone, Copy)]
struct Token {
    digest: Digest,
    expires_at: Duration,
}

impl Clients {
    /// Registers a new client.
    pub(crate) fn register(&self, kind: ClientKind) -> Credentials {
        let credentials = Credentials {
            client_id: Uuid::new_v4().to_string(),
            secret_key: fresh_secret("csk"),
        };
        let client = Client {
            kind,
            secret_key: Digest::of(&credentials.secret_key),
            token: None,
        };
        let id = credentials.client_id.clone();
        self.table().clients.insert(id, client);
        credentials
    }

    /// Issues an access token for valid credentials and revokes the client's previous one.
    pub(crate) fn mint(
        &self,
        now: Duration,
        client_id: &str,
        kind: ClientKind,
        secret_key: &str,
    ) -> Option<String> {
        let mut guard = self.table();
        let table = &mut *guard;
        let client = table.clients.get_mut(client_id)?;
        if client.kind != kind || !client.secret_key.matches(secret_key) {
            return None;
        }
        let token = fresh_secret("cat");
        let minted = Token {
            digest: Digest::of(&token),
            expires_at: now + TOKEN_LIFETIME,
        };
        if let Some(earlier) = client.token.replace(minted) {
            table.tokens.remove(&earlier.digest);
        }
        table.tokens.insert(minted.digest, client_id.to_owned());
        Some(token)
    }

    /// The client of a token that has not expired.
    pub(crate) fn bearer(&self, now: Duration, token: &str) -> Option<(String, ClientKind)> {
        let table = self.table();
        let client_id = table.tokens.get(&Digest::of(token))?;
        let client = table.clients.get(client_id)?;
        let live = client.token.is_some_and(|token| now < token.expires_at);
        live.then(|| (client_id.clone(), client.kind))
    }

    fn table(&self) -> MutexGuard<'_, Table> {
        self.table.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
