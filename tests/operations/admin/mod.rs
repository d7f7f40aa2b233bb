//! The admin service over real sockets: the responses to each role, and that each is what the `OpenAPI` document says.

mod access;
mod assets;
mod bounds;
mod client;
mod cross_origin;
mod document;
mod events;
mod failing;
mod fleet;
mod head;
mod journal;
mod losses;
mod mounted;
mod openapi;
mod orders;
mod refused;
mod rehearsed;
mod response;
mod secrets;
mod service;
mod sessions;
mod shown;
mod stream;

use crate::{exchange, temp_dir};
