//! Work that others get in the way of is tried again, after pauses that grow and are never quite the
//! same, so that two who met do not meet again; and for so long only.

use std::time::{Duration, Instant};

use guanxi_base::{Result, Rng};
use guanxi_store::{Store, is_met};

/// So long something is tried again.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// The first pause; each is twice as long as the one before.
const PAUSE: Duration = Duration::from_millis(10);
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// How long something is tried again.
pub(crate) struct Patience {
    until: Instant,
    pause: Duration,
    rng: Rng,
}

impl Patience {
    pub(crate) fn new(store: &Store) -> Self {
        let rng = Rng::seeded(store.new_id().0.unsigned_abs());
        Self { until: Instant::now() + WAIT_MAX, pause: PAUSE, rng }
    }

    /// Whether it has been tried for so long that it is not tried again.
    pub(crate) fn is_over(&self) -> bool {
        Instant::now() + self.pause > self.until
    }

    /// Whether somebody was in the way and it is to be tried again; waits for a while then.
    pub(crate) async fn tries_again<T>(&mut self, outcome: &Result<T>) -> bool {
        if self.is_over() || !outcome.as_ref().is_err_and(is_met) {
            return false;
        }
        tokio::time::sleep(self.pause.mul_f64(0.5 + self.rng.unit() / 2.0)).await;
        self.pause = PAUSE_MAX.min(self.pause * 2);
        true
    }
}
