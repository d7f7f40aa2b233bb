//! A network that can be broken: a TCP proxy between a store and its server.

use std::{
    io::{Read as _, Write as _},
    net::{Shutdown, TcpListener, TcpStream},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    thread,
    time::Duration,
};

/// A TCP proxy.
pub(crate) struct Proxy {
    pub(crate) port: u16,
    network: Arc<Network>,
}

/// What passes. Connections that listen can be broken alone.
#[derive(Default)]
struct Network {
    /// To the server, and to the client: what is held passes later, in order.
    held: [AtomicBool; 2],
    /// The same for connections that listen.
    held_listeners: AtomicBool,
    /// How late everything is, each way, in milliseconds.
    delay: AtomicU64,
    refused: AtomicBool,
    connections: Mutex<Vec<TcpStream>>,
}

/// A direction of a connection.
#[derive(Clone, Copy)]
pub(crate) enum Way {
    ToServer = 0,
    ToClient = 1,
}

impl Proxy {
    pub(crate) fn to(server: u16) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let network = Arc::new(Network::default());
        let shared = Arc::clone(&network);
        thread::spawn(move || {
            for client in listener.incoming() {
                let client = client.unwrap();
                if !shared.refused.load(Ordering::SeqCst) {
                    shared.join(client, server);
                }
            }
        });
        Self { port, network }
    }

    /// Holds what goes one way, or lets it pass again.
    pub(crate) fn hold(&self, way: Way, holds: bool) {
        self.network.held[way as usize].store(holds, Ordering::SeqCst);
    }

    /// Holds everything, as a network does that silently loses packets.
    pub(crate) fn hang(&self, hangs: bool) {
        self.hold(Way::ToServer, hangs);
        self.hold(Way::ToClient, hangs);
    }

    /// Holds what goes through the connections that listen: half-open, each end believes that the other is there.
    pub(crate) fn hang_listeners(&self, hangs: bool) {
        self.network.held_listeners.store(hangs, Ordering::SeqCst);
    }

    pub(crate) fn delay(&self, delay: Duration) {
        let delay = u64::try_from(delay.as_millis()).unwrap();
        self.network.delay.store(delay, Ordering::SeqCst);
    }

    /// Closes all connections at once.
    pub(crate) fn reset(&self) {
        for connection in self.network.connections.lock().unwrap().drain(..) {
            // It may be closed already.
            let _ = connection.shutdown(Shutdown::Both);
        }
    }

    /// Closes all connections, and refuses new ones or takes them again.
    pub(crate) fn cut(&self, cut: bool) {
        self.network.refused.store(cut, Ordering::SeqCst);
        self.reset();
    }
}

impl Network {
    fn join(self: &Arc<Self>, client: TcpStream, server: u16) {
        let Ok(server) = TcpStream::connect(("127.0.0.1", server)) else {
            return;
        };
        client.set_nodelay(true).unwrap();
        server.set_nodelay(true).unwrap();
        let mut connections = self.connections.lock().unwrap();
        connections.push(client.try_clone().unwrap());
        connections.push(server.try_clone().unwrap());
        let listens = Arc::new(AtomicBool::new(false));
        let (to_client, to_server) = (client.try_clone().unwrap(), server.try_clone().unwrap());
        self.pump(Way::ToServer, client, to_server, &listens);
        self.pump(Way::ToClient, server, to_client, &listens);
    }

    fn pump(
        self: &Arc<Self>,
        way: Way,
        mut from: TcpStream,
        mut to: TcpStream,
        listens: &Arc<AtomicBool>,
    ) {
        let (network, listens) = (Arc::clone(self), Arc::clone(listens));
        thread::spawn(move || {
            let mut buffer = vec![0; 64 * 1024];
            loop {
                let read = from.read(&mut buffer).unwrap_or(0);
                let bytes = &buffer[..read];
                if bytes.windows(7).any(|found| found == b"listen ") {
                    listens.store(true, Ordering::SeqCst);
                }
                thread::sleep(Duration::from_millis(network.delay.load(Ordering::SeqCst)));
                while network.holds(way, &listens) {
                    thread::sleep(Duration::from_millis(5));
                }
                if read == 0 || to.write_all(bytes).is_err() {
                    let _ = to.shutdown(Shutdown::Both);
                    let _ = from.shutdown(Shutdown::Both);
                    return;
                }
            }
        });
    }

    fn holds(&self, way: Way, listens: &AtomicBool) -> bool {
        let held = self.held[way as usize].load(Ordering::SeqCst);
        let listener = listens.load(Ordering::SeqCst);
        held || (listener && self.held_listeners.load(Ordering::SeqCst))
    }
}
