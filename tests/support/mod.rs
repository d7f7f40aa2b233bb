//! What the tests over real sockets share.
//!
//! `old_client` and `new_client` are pure: they read a response and say what they do next. A
//! `session` lets one of them poll over a real socket, and `server` is the Core to talk to, with a
//! clock that only the test moves; `process` is the example as a child process. A
//! `fleet` is many clients, and what is `seen` of them; an `operator` has a token of the admin service. The including crate root names the application `core_app`.

pub(crate) mod device_client;
pub(crate) mod fleet;
pub(crate) mod http_client;
pub(crate) mod new_client;
pub(crate) mod old_client;
pub(crate) mod operator;
#[cfg(unix)]
pub(crate) mod process;
pub(crate) mod response;
pub(crate) mod seen;
pub(crate) mod server;
pub(crate) mod session;
pub(crate) mod temp_dir;
