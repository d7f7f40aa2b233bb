//! A Core on a real socket, with a clock that only the test moves.

use std::{io, sync::Arc, time::Duration};

use legacy_http_compat::{CompatFlag, Contract, caller::FingerprintKey};
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

use super::{
    clock::ManualClock, device_client::DeviceClient, http_client::HttpClient,
    new_client::NewClient, old_client::OldClient, session::Session,
};
use crate::core_app::{self, AppState, Compat, FLAG_NAME, Settings};

pub(crate) const ADMIN_TOKEN: &str = "the-admin-token";
pub(crate) const INTERVAL: Duration = Duration::from_secs(5);
pub(crate) const EXPIRES_IN: Duration = Duration::from_secs(900);

/// A running Core; it stops when this is dropped.
pub(crate) struct CoreServer {
    pub(crate) flag: CompatFlag,
    pub(crate) clock: ManualClock,
    pub(crate) http: HttpClient,
    stop: oneshot::Sender<()>,
    served: JoinHandle<io::Result<()>>,
}

impl CoreServer {
    /// With the switch on or off, and the settings of the command line's defaults.
    pub(crate) async fn start(compat: bool) -> Self {
        Self::start_with(compat, |_| {}).await
    }

    pub(crate) async fn start_with(compat: bool, change: impl FnOnce(&mut Settings)) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}", listener.local_addr().unwrap());
        let mut settings = settings(&base);
        change(&mut settings);

        let flag = CompatFlag::new(FLAG_NAME, compat);
        let clock = ManualClock::default();
        let state = AppState::new(&settings, flag.clone(), Arc::new(clock.clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let serving = core_app::serve(listener, core_app::app(state, compat_setup()), async {
            // A sender that is gone stops the server too.
            let _ = stopped.await;
        });
        Self {
            flag,
            clock,
            http: HttpClient::new(base),
            stop,
            served: tokio::spawn(serving),
        }
    }

    /// An old client that has started a flow.
    pub(crate) async fn old_client(&self) -> Session<OldClient> {
        self.session(OldClient::new(INTERVAL)).await
    }

    /// A new client that has started a flow.
    pub(crate) async fn new_client(&self) -> Session<NewClient> {
        self.session(NewClient::new(INTERVAL)).await
    }

    /// Stops as Ctrl-C would, and waits for the end.
    pub(crate) async fn stop(self) -> io::Result<()> {
        let _ = self.stop.send(());
        self.served.await.expect("the server does not panic")
    }

    async fn session<C: DeviceClient>(&self, client: C) -> Session<C> {
        Session::start(client, self.http.clone(), self.clock.clone()).await
    }
}

fn compat_setup() -> Compat {
    Compat {
        contract: Contract::device_flow(),
        key: FingerprintKey::new([7; 16]),
    }
}

fn settings(base: &str) -> Settings {
    Settings {
        public_url: base.to_owned(),
        interval: INTERVAL,
        expires_in: EXPIRES_IN,
        attempts_per_minute: 1000,
        admin_token: ADMIN_TOKEN.to_owned(),
    }
}
