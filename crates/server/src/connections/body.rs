//! Bodies: what is sent to us must move, and all of it together has a limit; what we answer says
//! when it has gone out.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use axum::BoxError;
use axum::body::{Body, Bytes, HttpBody};
use hyper::body::{Frame, Incoming, SizeHint};
use tokio::time::{Instant, Sleep};

use super::Limits;
use super::stream::Working;

/// How many bytes of bodies may be held at once.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    left: Arc<AtomicUsize>,
}

/// The bytes of one request; they are given back when it is answered.
#[derive(Debug)]
pub(super) struct Held {
    budget: Budget,
    bytes: AtomicUsize,
}

impl Budget {
    pub(super) fn new(bytes: usize) -> Self {
        Self { left: Arc::new(AtomicUsize::new(bytes)) }
    }

    pub(super) fn hold(&self) -> Arc<Held> {
        Arc::new(Held { budget: self.clone(), bytes: AtomicUsize::new(0) })
    }
}

impl Held {
    fn more(&self, bytes: usize) -> Result<(), BoxError> {
        let take = |left: usize| left.checked_sub(bytes);
        let left = &self.budget.left;
        left.fetch_update(Ordering::AcqRel, Ordering::Acquire, take)
            .map_err(|_| "too much is being sent by all callers together; try again")?;
        self.bytes.fetch_add(bytes, Ordering::AcqRel);
        Ok(())
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.budget.left.fetch_add(*self.bytes.get_mut(), Ordering::AcqRel);
    }
}

/// A body that is sent to us.
pub(super) struct Sent {
    body: Incoming,
    held: Arc<Held>,
    limits: Limits,
    bytes: u64,
    /// How long we have waited for it, in all.
    waited: Duration,
    /// Since when we wait for more, and until when.
    waiting: Option<(Instant, Pin<Box<Sleep>>)>,
}

impl Sent {
    pub(super) fn new(body: Incoming, held: Arc<Held>, limits: Limits) -> Self {
        Self { body, held, limits, bytes: 0, waited: Duration::ZERO, waiting: None }
    }

    /// Whether it comes more slowly than any honest line. Our own time is not theirs.
    fn is_too_slow(&self) -> bool {
        let due = self.waited.saturating_sub(self.limits.stall).as_secs_f64()
            * self.limits.body_bytes_per_second_min as f64;
        (self.bytes as f64) < due
    }
}

impl HttpBody for Sent {
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = self.get_mut();
        let Poll::Ready(frame) = Pin::new(&mut this.body).poll_frame(cx) else {
            let stall = this.limits.stall;
            let begin = || (Instant::now(), Box::pin(tokio::time::sleep(stall)));
            let (_, until) = this.waiting.get_or_insert_with(begin);
            ready!(until.as_mut().poll(cx));
            return Poll::Ready(Some(Err("the body does not come".into())));
        };
        if let Some((since, _)) = this.waiting.take() {
            this.waited += since.elapsed();
        }
        let bytes = match &frame {
            Some(Ok(frame)) => frame.data_ref().map_or(0, Bytes::len),
            _ => 0,
        };
        this.bytes += bytes as u64;
        if frame.is_some() && this.is_too_slow() {
            return Poll::Ready(Some(Err("the body comes too slowly".into())));
        }
        if let Err(error) = this.held.more(bytes) {
            return Poll::Ready(Some(Err(error)));
        }
        Poll::Ready(frame.map(|frame| frame.map_err(Into::into)))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

/// An answer that is going out.
pub(super) struct Answered {
    body: Body,
    _working: Working,
}

impl Answered {
    pub(super) fn new(body: Body, working: Working) -> Self {
        Self { body, _working: working }
    }
}

impl HttpBody for Answered {
    type Data = Bytes;
    type Error = axum::Error;

    fn poll_frame(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, axum::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}
