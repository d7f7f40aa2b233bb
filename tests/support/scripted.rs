//! A body that plays a script, and a record of all that a client can see of a body.

use std::{
    collections::VecDeque,
    fmt,
    future::{Future as _, poll_fn},
    pin::Pin,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    task::{Context, Poll},
};

use bytes::{Buf, Bytes};
use http::HeaderMap;
use http_body::{Body, Frame, SizeHint};
use tokio::sync::oneshot;

/// One thing that a scripted body does when it is polled.
#[derive(Debug)]
pub(crate) enum Step<D = Bytes> {
    Data(D),
    Trailers(HeaderMap),
    Error(&'static str),
    /// Nothing yet, but the waker is woken at once.
    Pending,
    /// Nothing until the other end sends or is dropped.
    Held(oneshot::Receiver<()>),
}

/// What a scripted body says of its size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Size {
    Unknown,
    Exact,
    AtLeastHalf,
    /// The same at all times, whatever is left.
    Fixed {
        lower: u64,
        upper: Option<u64>,
    },
}

/// The error of a scripted body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Broken(pub(crate) &'static str);

/// A body that plays a script. Panics when it is polled behind its end.
#[derive(Debug)]
pub(crate) struct Scripted<D = Bytes> {
    steps: VecDeque<Step<D>>,
    size: Size,
    announces_end: bool,
    ended: bool,
    polls: Arc<AtomicUsize>,
}

impl<D: Buf> Scripted<D> {
    /// Plays these steps, with data of any type; of exact size, and announces its end.
    pub(crate) fn playing(steps: impl IntoIterator<Item = Step<D>>) -> Self {
        Self {
            steps: steps.into_iter().collect(),
            size: Size::Exact,
            announces_end: true,
            ended: false,
            polls: Arc::default(),
        }
    }

    pub(crate) fn size(mut self, size: Size) -> Self {
        self.size = size;
        self
    }

    /// Says that it is at its end only by ending.
    pub(crate) fn never_announces_end(mut self) -> Self {
        self.announces_end = false;
        self
    }

    /// How often the body was polled, to be asked when the body is gone.
    pub(crate) fn polls(&self) -> Polls {
        Polls(Arc::clone(&self.polls))
    }

    fn remaining(&self) -> u64 {
        let data = self.steps.iter().map(|step| match step {
            Step::Data(data) => data.remaining() as u64,
            _ => 0,
        });
        data.sum()
    }
}

impl Scripted {
    /// Plays these steps; of exact size, and announces its end.
    pub(crate) fn new(steps: impl IntoIterator<Item = Step>) -> Self {
        Self::playing(steps)
    }

    /// One frame of data.
    pub(crate) fn one(data: impl Into<Bytes>) -> Self {
        Self::new([Step::Data(data.into())])
    }

    /// A frame for each piece, of a size that is not known before.
    pub(crate) fn frames<'d>(data: impl IntoIterator<Item = &'d str>) -> Self {
        let frame = |text: &str| Step::Data(Bytes::copy_from_slice(text.as_bytes()));
        Self::new(data.into_iter().map(frame))
            .size(Size::Unknown)
            .never_announces_end()
    }
}

impl<D: Buf + Unpin> Body for Scripted<D> {
    type Data = D;
    type Error = Broken;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<D>, Broken>>> {
        assert!(!self.ended, "polled behind its end");
        self.polls.fetch_add(1, Ordering::Relaxed);
        if let Some(Step::Held(release)) = self.steps.front_mut() {
            if Pin::new(release).poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.steps.pop_front();
        }
        Poll::Ready(match self.steps.pop_front() {
            Some(Step::Data(data)) => Some(Ok(Frame::data(data))),
            Some(Step::Trailers(trailers)) => Some(Ok(Frame::trailers(trailers))),
            Some(Step::Error(text)) => Some(Err(Broken(text))),
            Some(Step::Pending | Step::Held(_)) => {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            None => {
                self.ended = true;
                None
            }
        })
    }

    fn is_end_stream(&self) -> bool {
        self.announces_end
            && self
                .steps
                .iter()
                .all(|step| matches!(step, Step::Pending | Step::Held(_)))
    }

    fn size_hint(&self) -> SizeHint {
        let remaining = self.remaining();
        let (lower, upper) = match self.size {
            Size::Unknown => (0, None),
            Size::Exact => (remaining, Some(remaining)),
            Size::AtLeastHalf => (remaining / 2, None),
            Size::Fixed { lower, upper } => (lower, upper),
        };
        let mut hint = SizeHint::new();
        hint.set_lower(lower);
        if let Some(upper) = upper {
            hint.set_upper(upper.max(lower));
        }
        hint
    }
}

impl fmt::Display for Broken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Broken {}

/// A count of polls.
#[derive(Clone, Debug)]
pub(crate) struct Polls(Arc<AtomicUsize>);

impl Polls {
    pub(crate) fn count(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
}

/// Data in several pieces, so that no single `chunk` shows all of it.
#[derive(Clone, Debug)]
pub(crate) struct Pieces(VecDeque<Bytes>);

impl Pieces {
    pub(crate) fn of(data: &[u8], each: usize) -> Self {
        Self(
            data.chunks(each.max(1))
                .map(Bytes::copy_from_slice)
                .collect(),
        )
    }
}

impl Buf for Pieces {
    fn remaining(&self) -> usize {
        self.0.iter().map(Bytes::len).sum()
    }

    fn chunk(&self) -> &[u8] {
        self.0.front().map_or(&[], |piece| piece)
    }

    fn advance(&mut self, mut count: usize) {
        while count > 0 {
            let front = self.0.front_mut().expect("not advanced behind the end");
            let step = count.min(front.len());
            front.advance(step);
            count -= step;
            if front.is_empty() {
                self.0.pop_front();
            }
        }
    }
}

/// What a client saw: the size and the end that were announced before a frame, and the frame.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Sight {
    pub(crate) lower: u64,
    pub(crate) upper: Option<u64>,
    pub(crate) is_end_stream: bool,
    pub(crate) seen: Seen,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Data(Vec<u8>),
    Trailers(HeaderMap),
    Error(String),
    End,
}

/// All that a client can see of a body, up to and including its end.
pub(crate) async fn record<B>(mut body: B) -> Vec<Sight>
where
    B: Body<Error: fmt::Display> + Unpin,
{
    let mut sights = Vec::new();
    loop {
        let (hint, is_end_stream) = (body.size_hint(), body.is_end_stream());
        let seen = match poll_fn(|cx| Pin::new(&mut body).poll_frame(cx)).await {
            None => Seen::End,
            Some(Err(error)) => Seen::Error(error.to_string()),
            Some(Ok(frame)) => match frame.into_data() {
                Ok(mut data) => Seen::Data(data.copy_to_bytes(data.remaining()).into()),
                Err(other) => Seen::Trailers(other.into_trailers().ok().expect("trailers")),
            },
        };
        let ended = seen == Seen::End;
        sights.push(Sight {
            lower: hint.lower(),
            upper: hint.upper(),
            is_end_stream,
            seen,
        });
        if ended {
            return sights;
        }
    }
}

/// The data of a recorded body.
pub(crate) fn data(sights: &[Sight]) -> Vec<u8> {
    let data = sights.iter().filter_map(|sight| match &sight.seen {
        Seen::Data(data) => Some(data.as_slice()),
        _ => None,
    });
    data.collect::<Vec<_>>().concat()
}

/// A body's data, when it has no error.
pub(crate) async fn read<B>(body: B) -> Vec<u8>
where
    B: Body<Error: fmt::Display> + Unpin,
{
    data(&record(body).await)
}
