//! The arrival of a response on the contract: most are decided by their head, or by the first frame of their body.

use std::task::{Context, Poll};

use bytes::Bytes;
use http::Response;
use http_body::{Body, Frame};

use super::{
    body_need::BodyNeed,
    compat_body::BodyMode,
    deciding::{Arrived, Deciding, Undecided},
    exchange::Exchange,
    peeked_body::{FirstData, PeekedBody, Polled, PolledItem, poll_bytes},
    peeking::{Peeking, respond},
};
use crate::{
    contract::compile::{CompiledEndpoint, MissingInput},
    json::Scan,
};

/// The response as it leaves; or, if more of its body is needed than is there at once, what waits for it.
#[inline(always)]
pub(super) fn arrive<B: Body + Unpin, M: BodyMode<B>>(
    exchange: &mut Exchange,
    response: Response<B>,
    cx: &mut Context<'_>,
) -> Result<Response<M::Body>, Box<Peeking<B>>> {
    let (mut head, mut body) = response.into_parts();
    exchange.end_capture();
    let exchange = &*exchange;
    let endpoint: &CompiledEndpoint = &exchange.endpoint;
    let mut deciding = Deciding::new(endpoint, &head);
    deciding.match_head(exchange, endpoint, &head);
    let mut scan = Scan::new();
    let mut decided = match deciding.matching.decision {
        Err(MissingInput::Body) => Err(Undecided::NeedsMore),
        _ => deciding.decide(&mut Arrived {
            exchange,
            endpoint,
            head: &mut head,
            text: &[],
            scan: &mut scan,
        }),
    };
    let mut first = None;
    let mut other = None;
    if let Err(Undecided::NeedsMore) = decided {
        let size_hint = body.size_hint();
        deciding.learn_need(exchange, &head, &body, &size_hint);
        if deciding.need == Some(BodyNeed::Fields) {
            let polled = poll_bytes(&mut body, cx);
            match data_within(exchange.body_limit(), polled) {
                Ok(data) => first = Some(FirstData { size_hint, data }),
                Err(polled) => other = Some(polled.map(|item| Polled { size_hint, item })),
            }
        }
        if other.is_none() {
            decided = deciding.decide(&mut Arrived {
                exchange,
                endpoint,
                head: &mut head,
                text: first.as_ref().map_or(&[], |first| &first.data),
                scan: &mut scan,
            });
        }
    }
    let body = PeekedBody::new(first, body);
    match decided {
        Ok(conclusion) => Ok(respond::<B, M>(conclusion, head, body)),
        Err(undecided) => {
            Peeking::new(deciding, head, body, scan).begin::<M>((undecided, other), exchange, cx)
        }
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
