//! The admin service over real sockets: what is answered, to whom, and that each response is what the `OpenAPI` document says.

mod access;
mod bounds;
mod client;
mod cross_origin;
mod document;
mod events;
mod failing;
mod head;
mod journal;
mod mounted;
mod openapi;
mod orders;
mod refused;
mod response;
mod secrets;
mod service;
mod sessions;
mod shown;
mod stream;

use crate::{exchange, temp_dir};
