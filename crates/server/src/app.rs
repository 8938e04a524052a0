//! What every request shares.

use std::sync::Arc;

use guanxi_store::Store;

use crate::throttle::Throttle;

/// How the server is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AppConfig {
    /// Whether people reach it by HTTPS, through a proxy: cookies are marked as secure then.
    pub behind_https: bool,
}

/// What every request shares. Cheap to clone.
#[derive(Debug, Clone)]
pub struct App {
    /// The open database.
    pub store: Store,
    pub(crate) config: AppConfig,
    pub(crate) throttle: Arc<Throttle>,
}

impl App {
    /// The shared state of a server on this database.
    #[must_use]
    pub fn new(store: Store, config: AppConfig) -> Self {
        let throttle = Arc::new(Throttle::new(store.clock().clone()));
        Self { store, config, throttle }
    }
}
