//! The arrival of a response on the contract: most are decided by their head, or by the first frame of their body.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::{Response, response};
use http_body::{Body, Frame};

use super::{
    body_need::BodyNeed,
    compat_body::BodyMode,
    deciding::{Arrived, Conclusion, Deciding, Undecided},
    exchange::Exchange,
    peeked_body::{FirstData, PeekedBody, Polled, PolledItem, poll_bytes},
    peeking::Peeking,
};
use crate::{
    contract::compile::{CompiledEndpoint, MissingInput},
    json::Scan,
};

/// A response that has arrived, and what was read of its body at once.
pub(super) struct Arrival<B: Body> {
    deciding: Deciding,
    scan: Scan,
    pub(super) first: Option<FirstData>,
    /// What else was polled of its body, where that is not its first data.
    other: Option<Poll<Polled<B::Error>>>,
}

impl<B: Body + Unpin> Arrival<B> {
    #[inline(always)]
    pub(super) fn new() -> Self {
        Self {
            deciding: Deciding::new(),
            scan: Scan::new(),
            first: None,
            other: None,
        }
    }

    /// Decides by the head and by what is there at once of the body.
    #[inline(always)]
    pub(super) fn decide(
        &mut self,
        exchange: &Exchange,
        head: &mut response::Parts,
        body: &mut B,
        cx: &mut Context<'_>,
    ) -> Result<Conclusion, Undecided> {
        let endpoint: &CompiledEndpoint = &exchange.endpoint;
        self.deciding.match_head(exchange, endpoint, head);
        if let Err(MissingInput::Body) = self.deciding.matching.decision {
            let limit = exchange.body_limit();
            let size_hint = body.size_hint();
            self.deciding
                .learn_need(endpoint, head, body, (&size_hint, limit));
            if self.deciding.need == Some(BodyNeed::Fields) {
                match data_within(limit, poll_bytes(body, cx)) {
                    Ok(data) => self.first = Some(FirstData { size_hint, data }),
                    Err(polled) => {
                        self.other = Some(polled.map(|item| Polled { size_hint, item }));
                        return Err(Undecided::NeedsMore);
                    }
                }
            }
        }
        self.deciding.decide(&mut Arrived {
            exchange,
            endpoint,
            head,
            text: self.first.as_ref().map_or(&[], |first| &first.data),
            scan: &mut self.scan,
        })
    }

    /// Goes on where more of the body is needed than was there at once, or its legacy response is rehearsed: the response as
    /// it leaves, or what waits for it.
    #[cold]
    #[inline(never)]
    pub(super) fn go_on<M: BodyMode<B>>(
        self,
        (head, body): (response::Parts, B),
        undecided: Undecided,
        exchange: &Exchange,
        cx: &mut Context<'_>,
    ) -> Result<Response<M::Body>, Box<Peeking<B>>> {
        let body = PeekedBody::new(self.first, body);
        let peeking = Peeking::new(self.deciding, head, body, self.scan);
        peeking.begin::<M>((undecided, self.other), exchange, cx)
    }
}

/// The data of a frame up to the limit; or else what was polled.
#[inline(always)]
fn data_within<E>(limit: usize, polled: Poll<PolledItem<E>>) -> Result<Bytes, Poll<PolledItem<E>>> {
    let Poll::Ready(Some(Ok(frame))) = polled else {
        return Err(polled);
    };
    let is_within = frame.data_ref().is_some_and(|data| data.len() <= limit);
    let data = if is_within {
        frame.into_data()
    } else {
        Err(frame)
    };
    data.map_err(|frame: Frame<Bytes>| Poll::Ready(Some(Ok(frame))))
}
