//! How many event streams one session may have, so that a browser keeps connections for its other requests.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use tokio::sync::oneshot;

use super::access::SessionKey;

/// The open streams of each session.
#[derive(Clone, Debug, Default)]
pub(crate) struct SessionStreams(Arc<Mutex<Streams>>);

#[derive(Debug, Default)]
struct Streams {
    last_id: u64,
    of_session: HashMap<SessionKey, VecDeque<Stream>>,
}

#[derive(Debug)]
struct Stream {
    id: u64,
    /// Sent to, it ends the stream.
    end: oneshot::Sender<()>,
}

/// The place of a stream among those of its session; dropping it frees the place.
#[derive(Debug)]
pub(crate) struct StreamPlace {
    streams: SessionStreams,
    session: SessionKey,
    id: u64,
    displaced: oneshot::Receiver<()>,
}

impl SessionStreams {
    /// The most streams of one session. A browser has six connections to a server over HTTP/1.1.
    pub(crate) const MAX: usize = 3;

    /// A place for another stream. If the session has more than it may have, the oldest is displaced.
    pub(crate) fn take(&self, session: SessionKey) -> StreamPlace {
        let (end, displaced) = oneshot::channel();
        let mut streams = self.lock();
        streams.last_id += 1;
        let id = streams.last_id;
        let of_session = streams.of_session.entry(session).or_default();
        of_session.push_back(Stream { id, end });
        if of_session.len() > Self::MAX
            && let Some(oldest) = of_session.pop_front()
        {
            // Its stream may have ended by itself.
            let _ = oldest.end.send(());
        }
        StreamPlace {
            streams: self.clone(),
            session,
            id,
            displaced,
        }
    }

    fn lock(&self) -> MutexGuard<'_, Streams> {
        // A panic while it is locked leaves at most a place of a stream that has ended.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StreamPlace {
    /// Completes when a newer stream takes the place.
    pub(crate) async fn displaced(&mut self) {
        if (&mut self.displaced).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = self.streams.lock();
        if let Some(of_session) = streams.of_session.get_mut(&self.session) {
            of_session.retain(|stream| stream.id != self.id);
            if of_session.is_empty() {
                streams.of_session.remove(&self.session);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;

    use super::*;

    #[test]
    fn the_oldest_stream_of_a_session_makes_way_and_others_stay() {
        let streams = SessionStreams::default();
        let [one, other] = [1, 2].map(SessionKey::of_byte);
        let mut of_other = streams.take(other);
        let mut places: Vec<_> = (0..4).map(|_| streams.take(one)).collect();
        let displaced: Vec<bool> = places
            .iter_mut()
            .map(|place| place.displaced().now_or_never().is_some())
            .collect();
        assert_eq!(displaced, [true, false, false, false]);
        assert!(of_other.displaced().now_or_never().is_none());
        // A place that is free again displaces none.
        drop(places.pop());
        let _next = streams.take(one);
        assert!(places[1].displaced().now_or_never().is_none());
        drop((places, of_other, _next));
        assert!(streams.lock().of_session.is_empty(), "nothing is left");
    }
}
