//! Clients of RFC 8628 from public packages, against the second worked example, `examples/contracts/rfc8628.json`.
//!
//! The server speaks a status-driven contract only; the layer gives these clients the errors of RFC 8628 §3.5.

mod rust_client;
mod scripts;
mod server;
mod shapes;
