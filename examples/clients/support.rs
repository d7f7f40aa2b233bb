//! The clients that the tests and the rehearsal use, too.

#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/device_client.rs"]
pub(crate) mod device_client;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/http_client.rs"]
pub(crate) mod http_client;
#[path = "../../tests/support/new_client.rs"]
pub(crate) mod new_client;
#[path = "../../tests/support/old_client.rs"]
pub(crate) mod old_client;
#[expect(dead_code, reason = "the tests use more of it")]
#[path = "../../tests/support/response.rs"]
pub(crate) mod response;
