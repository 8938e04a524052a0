//! Lets only so many do costly work at once, and only so many wait for it: checking a password
//! takes a processor for tens of milliseconds and 19 MiB, on purpose, and anybody may ask for it.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use guanxi_base::{Error, Refusal, Result};
use rayon::{ThreadPool, ThreadPoolBuilder};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

/// So many wait for each that passes; whoever comes then is told to come again.
const WAITING_PER_PASSING: usize = 12;
/// After so many seconds.
const AGAIN_SECONDS: u64 = 2;

/// A door that so many pass at once.
#[derive(Debug)]
pub(crate) struct Gate {
    passing: Arc<Semaphore>,
    /// As many threads as pass at once, which keep and use again what memory the work takes.
    workers: Arc<ThreadPool>,
    waiting: AtomicUsize,
    waiting_max: usize,
}

/// Gives a place in the queue back.
struct Waiting<'a>(&'a AtomicUsize);

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Somebody who passes.
pub(crate) struct Passing(OwnedSemaphorePermit, Arc<ThreadPool>);

impl Gate {
    /// A gate for so many at once.
    ///
    /// # Errors
    /// When the system has no more threads.
    pub(crate) fn new(at_once: NonZeroUsize) -> Result<Self> {
        let workers = ThreadPoolBuilder::new()
            .num_threads(at_once.get())
            .panic_handler(|_| tracing::error!("work at a gate panicked"))
            .build();
        Ok(Self {
            workers: Arc::new(workers.map_err(Error::internal)?),
            passing: Arc::new(Semaphore::new(at_once.get())),
            waiting: AtomicUsize::new(0),
            waiting_max: at_once.get() * WAITING_PER_PASSING,
        })
    }

    /// Waits until there is room.
    ///
    /// # Errors
    /// `server-busy` when too many wait already.
    pub(crate) async fn enter(&self) -> Result<Passing> {
        if let Ok(permit) = self.passing.clone().try_acquire_owned() {
            return Ok(Passing(permit, self.workers.clone()));
        }
        let before = self.waiting.fetch_add(1, Ordering::AcqRel);
        let waiting = Waiting(&self.waiting);
        if before >= self.waiting_max {
            return Err(Refusal::new("server-busy").with("seconds", AGAIN_SECONDS).into());
        }
        let permit = self.passing.clone().acquire_owned().await.map_err(Error::internal)?;
        drop(waiting);
        Ok(Passing(permit, self.workers.clone()))
    }
}

impl Passing {
    /// Does the work on one of the threads of the gate. Nobody else takes the place before it is done, even
    /// if whoever asked has gone away meanwhile.
    ///
    /// # Errors
    /// When the work panics.
    pub(crate) async fn run<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T> {
        let (tell, told) = oneshot::channel();
        let Self(permit, workers) = self;
        workers.spawn(move || {
            let done = work();
            drop(permit);
            // Whoever asked may have gone away.
            drop(tell.send(done));
        });
        told.await.map_err(Error::internal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn so_many_pass_and_so_many_wait() {
        let gate = Arc::new(Gate::new(NonZeroUsize::MIN).unwrap());
        let first = gate.enter().await.unwrap();
        let mut waiting = tokio::task::JoinSet::new();
        for _ in 0..WAITING_PER_PASSING + 5 {
            let gate = gate.clone();
            waiting.spawn(async move { gate.enter().await?.run(|| ()).await });
        }
        let mut refused = 0;
        while refused < 5 {
            // Nobody passes while the first is inside: only refusals end.
            let ended = waiting.join_next().await.unwrap().unwrap();
            assert!(matches!(ended, Err(Error::Refused(why)) if why[0].code == "server-busy"));
            refused += 1;
        }
        first.run(|| ()).await.unwrap();
        while let Some(ended) = waiting.join_next().await {
            ended.unwrap().unwrap();
        }
        assert_eq!(gate.waiting.load(Ordering::Acquire), 0);
    }
}
