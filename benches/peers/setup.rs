//! What is measured: a way to respond to a poll.

use std::{convert::Infallible, error::Error};

use axum::{body::Body, http::Request};
use tower::Service;

use crate::{app, support};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Setup {
    Bare,
    /// The same again: its distance from 1 is the error of the measurement.
    Control,
    Around,
    InRouter,
    ByHand,
    Nginx,
    Haproxy,
}

impl Setup {
    pub(crate) const ALL: [Self; 7] = [
        Self::Bare,
        Self::Control,
        Self::Around,
        Self::InRouter,
        Self::ByHand,
        Self::Nginx,
        Self::Haproxy,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Bare => "bare",
            Self::Control => "bare, again",
            Self::Around => "the layer, around the router",
            Self::InRouter => "the layer, by `Router::layer`",
            Self::ByHand => "by hand, `from_fn`",
            Self::Nginx => "nginx and Lua",
            Self::Haproxy => "HAProxy",
        }
    }

    pub(crate) fn named(name: &str) -> Result<Self, String> {
        let found = Self::ALL.into_iter().find(|setup| setup.name() == name);
        found.ok_or_else(|| format!("{name:?} is no setup"))
    }

    pub(crate) const fn is_proxy(self) -> bool {
        matches!(self, Self::Nginx | Self::Haproxy)
    }

    pub(crate) const fn rewrites(self) -> bool {
        !matches!(self, Self::Bare | Self::Control)
    }
}

/// Sends one poll through each of our own setups.
pub(crate) fn check_in_process() -> Result<(), Box<dyn Error>> {
    for setup in Setup::ALL {
        if setup.is_proxy() {
            continue;
        }
        let migration = app::migration()?;
        let status = match setup {
            Setup::Around => poll(app::around(&migration)),
            _ => poll(app::router(setup, &migration)),
        };
        let expected = if setup.rewrites() { 401 } else { 200 };
        assert_eq!(status, expected, "{}", setup.name());
    }
    Ok(())
}

fn poll<S, B>(mut service: S) -> u16
where
    S: Service<Request<Body>, Response = http::Response<B>, Error = Infallible>,
    B: http_body::Body + Unpin,
{
    let mut request: Request<Body> = support::named_request(support::POLL);
    *request.body_mut() = Body::from(r#"{"device_code":"a"}"#);
    support::exchange(&mut service, request).as_u16()
}
