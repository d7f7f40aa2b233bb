//! Where an attempt comes from.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::Extensions;

use crate::caller::ClientAddr;

/// Where an attempt comes from, as far as it can be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Peer {
    V4(u32),
    /// The network of an IPv6 address, its first 64 bits: whoever has one address has all of these.
    V6(u64),
    /// The application tells nobody's address: all count as one.
    Unknown,
}

impl Peer {
    /// By what the application says of the client's address, or else by the socket.
    pub(crate) fn of(extensions: &Extensions) -> Self {
        let stated = extensions.get::<ClientAddr>().copied();
        let connected = || {
            let info = extensions.get::<ConnectInfo<SocketAddr>>();
            info.map(|ConnectInfo(peer)| ClientAddr::from(*peer))
        };
        match stated.or_else(connected).map(ClientAddr::to_canonical) {
            Some(IpAddr::V4(address)) => Self::V4(address.to_bits()),
            Some(IpAddr::V6(address)) => {
                let network = address.to_bits() >> 64;
                u64::try_from(network).map_or(Self::Unknown, Self::V6)
            }
            None => Self::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(address: &str) -> Peer {
        let mut extensions = Extensions::new();
        extensions.insert(ClientAddr(address.parse().unwrap()));
        Peer::of(&extensions)
    }

    #[test]
    fn a_network_of_ipv6_addresses_is_one_peer() {
        assert_eq!(peer("2001:db8::1"), peer("2001:db8:0:0:ffff::2"));
        assert_ne!(peer("2001:db8::1"), peer("2001:db8:0:1::1"));
        assert_eq!(peer("::ffff:192.0.2.1"), peer("192.0.2.1"));
        assert_ne!(peer("192.0.2.1"), peer("192.0.2.2"));
    }

    #[test]
    fn what_the_application_says_comes_before_the_socket() {
        let mut extensions = Extensions::new();
        assert_eq!(Peer::of(&extensions), Peer::Unknown);
        extensions.insert(ConnectInfo(SocketAddr::from(([192, 0, 2, 1], 7))));
        assert_eq!(Peer::of(&extensions), peer("192.0.2.1"));
        extensions.insert(ClientAddr("192.0.2.9".parse().unwrap()));
        assert_eq!(Peer::of(&extensions), peer("192.0.2.9"));
    }
}
