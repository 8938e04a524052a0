//! Connections: each has limits of time, and there are only so many, in all and for one place. A
//! caller who says nothing, or says or takes it too slowly, makes room for others; whoever is
//! being answered may take all the time that they need as long as something moves.

mod body;
mod stream;

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::extract::{ConnectInfo, Request};
use axum::response::{IntoResponse, Response};
use guanxi_base::{Error, Result};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{mpsc, watch};
use tower::ServiceExt;

use crate::place;
use body::{Answered, Budget, Sent};
use stream::{Activity, Watched};

/// The lines before the body, with the address: more is no request of ours.
pub const HEAD_BYTES_MAX: usize = 16 * 1024;
/// So long nothing is accepted when there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// What a connection may take.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// From the first byte of a request, or the beginning of the connection, to the end of its
    /// head.
    pub head: Duration,
    /// From one request to the next.
    pub idle: Duration,
    /// Without any byte of a body, or of an answer, coming through.
    pub stall: Duration,
    /// Bytes a second of a body, on average, once it takes longer than `stall`.
    pub body_bytes_per_second_min: u64,
    /// Bytes of all bodies together that are being received and worked on.
    pub body_bytes_max: usize,
    /// Connections at once.
    pub connections_max: usize,
    /// Connections at once from one place: an IPv4 address or an IPv6 network. Behind a proxy all
    /// come from one, and only `connections_max` counts.
    pub connections_per_place_max: usize,
    /// From the signal to stop until connections that still talk are cut.
    pub stop: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head: Duration::from_secs(10),
            idle: Duration::from_secs(75),
            stall: Duration::from_secs(30),
            body_bytes_per_second_min: 1_000,
            body_bytes_max: 1 << 30,
            connections_max: 8_192,
            connections_per_place_max: 512,
            stop: Duration::from_secs(30),
        }
    }
}

/// Who is connected.
#[derive(Debug)]
struct Connected {
    limits: Limits,
    by_place: bool,
    all: AtomicUsize,
    places: Mutex<HashMap<IpAddr, usize>>,
}

/// One connection that is counted for as long as this is kept.
struct Counted(Arc<Connected>, IpAddr);

impl Connected {
    /// Counts a connection; none when there are too many.
    fn count(self: &Arc<Self>, address: IpAddr) -> Option<Counted> {
        let place = place::of(address);
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let of_place = places.entry(place).or_insert(0);
        let is_full = self.all.load(Ordering::Acquire) >= self.limits.connections_max
            || (self.by_place && *of_place >= self.limits.connections_per_place_max);
        if is_full {
            if *of_place == 0 {
                places.remove(&place);
            }
            return None;
        }
        *of_place += 1;
        self.all.fetch_add(1, Ordering::AcqRel);
        Some(Counted(self.clone(), place))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.all.fetch_sub(1, Ordering::AcqRel);
        let mut places = self.0.places.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = places.get_mut(&self.1) {
            *count -= 1;
            if *count == 0 {
                places.remove(&self.1);
            }
        }
    }
}

/// Whether all connections come from one proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Peers {
    Proxy,
    Callers,
}

/// Answers connections until `stop` is ready, then lets the requests that run come to their end,
/// for as long as the limits say.
///
/// # Errors
/// When the listener's own address cannot be read.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    limits: Limits,
    peers: Peers,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<()> {
    listener.local_addr().map_err(Error::internal)?;
    let connected = Arc::new(Connected {
        limits,
        by_place: peers == Peers::Callers,
        all: AtomicUsize::new(0),
        places: Mutex::default(),
    });
    let budget = Budget::new(limits.body_bytes_max);
    let (stopping, stopped) = watch::channel(());
    // Each connection holds a sender: when all are gone, the last one has ended.
    let (working, mut ended) = mpsc::channel::<Infallible>(1);
    let mut stop = std::pin::pin!(stop);
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = &mut stop => break,
        };
        match accepted {
            Ok((stream, address)) => {
                // Too many: it is closed before it costs anything.
                let Some(counted) = connected.count(address.ip()) else { continue };
                let talk = Talk { router: router.clone(), limits, budget: budget.clone(), address };
                let (stopped, working) = (stopped.clone(), working.clone());
                tokio::spawn(async move {
                    talk.through(stream, stopped).await;
                    drop((counted, working));
                });
            }
            // The caller went away meanwhile.
            Err(error) if is_of_caller(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "no connection can be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    drop((listener, stopped, working));
    stopping.send(()).ok();
    if tokio::time::timeout(limits.stop, ended.recv()).await.is_err() {
        tracing::warn!("connections that still talk are cut");
    }
    Ok(())
}

fn is_of_caller(error: &std::io::Error) -> bool {
    use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
    matches!(error.kind(), ConnectionAborted | ConnectionRefused | ConnectionReset)
}

/// One connection.
struct Talk {
    router: Router,
    limits: Limits,
    budget: Budget,
    address: SocketAddr,
}

impl Talk {
    /// Answers what comes, until either side ends it.
    async fn through(self, stream: TcpStream, mut stopped: watch::Receiver<()>) {
        stream.set_nodelay(true).ok();
        let limits = self.limits;
        let activity = Arc::new(Activity::default());
        let stream = TokioIo::new(Watched::new(stream, activity.clone(), limits));
        let answer = service_fn(move |request| self.answer(request, activity.clone()));
        let mut builder = http1::Builder::new();
        builder.timer(TokioTimer::new()).header_read_timeout(limits.idle);
        builder.max_header_size(HEAD_BYTES_MAX);
        let mut connection = std::pin::pin!(builder.serve_connection(stream, answer));
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            _ = stopped.changed() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
        };
        if let Err(error) = outcome {
            tracing::debug!(%error, "a connection was cut");
        }
    }

    fn answer(
        &self,
        request: Request<Incoming>,
        activity: Arc<Activity>,
    ) -> impl Future<Output = Result<Response<Answered>, Infallible>> + use<> {
        let working = activity.begin();
        let held = self.budget.hold();
        let limits = self.limits;
        let mut request = request.map(|body| Body::new(Sent::new(body, held.clone(), limits)));
        request.extensions_mut().insert(ConnectInfo(self.address));
        let router = self.router.clone();
        async move {
            let response = router.oneshot(request).await.into_response();
            // What was sent is not needed any more; what is answered may take its time.
            drop(held);
            Ok(response.map(|body| Answered::new(body, working)))
        }
    }
}
