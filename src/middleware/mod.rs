//! The Tower middleware that rewrites answers.

mod body;
mod exchange;
mod future;
mod layer;
mod replay;
mod rewrite;
mod service;
mod settings;
mod vary;

pub use body::ResponseBody;
pub use future::ResponseFuture;
pub use layer::LegacyHttpCompatLayer;
pub use service::LegacyHttpCompat;
