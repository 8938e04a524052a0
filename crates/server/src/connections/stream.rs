//! A stream that is cut when a head takes too long to come, or an answer is not taken.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::{Sleep, sleep};

use super::Limits;

/// What happens on a connection.
#[derive(Debug, Default)]
pub(super) struct Activity {
    /// Requests whose head has come.
    begun: AtomicU64,
    /// Those whose answer has not gone out.
    open: AtomicUsize,
}

/// A request that is being answered for as long as this is kept.
#[derive(Debug)]
pub(super) struct Working(Arc<Activity>);

impl Activity {
    pub(super) fn begin(self: &Arc<Self>) -> Working {
        self.begun.fetch_add(1, Ordering::AcqRel);
        self.open.fetch_add(1, Ordering::AcqRel);
        Working(self.clone())
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        self.0.open.fetch_sub(1, Ordering::AcqRel);
    }
}

/// A stream with limits.
pub(super) struct Watched {
    stream: TcpStream,
    activity: Arc<Activity>,
    limits: Limits,
    /// When the head that comes after so many requests must be there.
    head: Option<(u64, Pin<Box<Sleep>>)>,
    /// When some of the answer must have been taken.
    taken: Option<Pin<Box<Sleep>>>,
}

impl Watched {
    pub(super) fn new(stream: TcpStream, activity: Arc<Activity>, limits: Limits) -> Self {
        // The first head is waited for from the beginning.
        let head = Some((0, Box::pin(sleep(limits.head))));
        Self { stream, activity, limits, head, taken: None }
    }

    /// An error once a head takes too long.
    fn poll_head(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        let begun = self.activity.begun.load(Ordering::Acquire);
        match &mut self.head {
            Some((before, until)) if *before == begun => match until.as_mut().poll(cx) {
                Poll::Ready(()) => Err(io::ErrorKind::TimedOut.into()),
                Poll::Pending => Ok(()),
            },
            // It has come.
            head => {
                *head = None;
                Ok(())
            }
        }
    }

    /// An error once nothing was taken for too long.
    fn poll_taken<T>(
        &mut self,
        cx: &mut Context<'_>,
        written: Poll<io::Result<T>>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.taken = None;
            return written;
        }
        let until = self.taken.get_or_insert_with(|| Box::pin(sleep(self.limits.stall)));
        ready!(until.as_mut().poll(cx));
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        let before = buffer.filled().len();
        let read = Pin::new(&mut this.stream).poll_read(cx, buffer);
        let begun = this.activity.begun.load(Ordering::Acquire);
        let came = matches!(read, Poll::Ready(Ok(()))) && buffer.filled().len() > before;
        let is_idle = this.activity.open.load(Ordering::Acquire) == 0;
        let is_first = this.head.as_ref().is_none_or(|(before, _)| *before != begun);
        if came && is_idle && is_first {
            this.head = Some((begun, Box::pin(sleep(this.limits.head))));
        }
        if let Err(error) = this.poll_head(cx) {
            return Poll::Ready(Err(error));
        }
        read
    }
}

impl AsyncWrite for Watched {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write(cx, bytes);
        this.poll_taken(cx, written)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        let written = Pin::new(&mut this.stream).poll_write_vectored(cx, bytes);
        this.poll_taken(cx, written)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }
}
