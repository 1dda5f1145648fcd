//! One client's connection: its requests, one after the other, until it is idle for too long or the process leaves.

use std::convert::Infallible;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpStream;

use super::{Client, Front, environ, request};
use crate::plan::Host;
use crate::runtime::pairs::Pairs;

/// Time for the whole head of a request, from its connection on (`RequestReadTimeout header=`, its default).
const HEAD_TIMEOUT: Duration = Duration::from_secs(20);
/// Header fields of a request (`LimitRequestFields`, its default).
const MOST_FIELDS: usize = 100;

/// How hyper serves the connections of a host.
pub(super) fn builder(host: &Host) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder
        .timer(TokioTimer::new())
        // An idle connection is closed by `KeepAliveTimeout` below; hyper counts its silence as time for a head.
        .header_read_timeout(HEAD_TIMEOUT.max(Duration::from_millis(host.keep_alive_timeout_ms) * 2))
        .keep_alive(host.keep_alive)
        .half_close(true)
        .max_headers(MOST_FIELDS);
    builder
}

/// What a connection is doing.
#[derive(Debug)]
struct Activity {
    began: Instant,
    busy: AtomicBool,
    /// Milliseconds from `began` to the end of the last answer.
    rested: AtomicU64,
    requests: AtomicU64,
}

impl Activity {
    fn idle(&self) -> Option<Duration> {
        let rested = Duration::from_millis(self.rested.load(Ordering::Relaxed));
        (!self.busy.load(Ordering::Relaxed)).then(|| self.began.elapsed().saturating_sub(rested))
    }
}

/// Serves a connection to its end.
pub(super) async fn serve(front: Arc<Front>, stream: TcpStream, peer: SocketAddr, listener: usize) {
    let Ok(local) = stream.local_addr() else { return };
    // Small answers go out at once; without it a second one would wait for the first one's acknowledgement.
    let _ = stream.set_nodelay(true);
    let mut client = Client { peer, local, candidates: front.hosts.for_address(local).0, environ: Pairs::default() };
    let number = front.connections.fetch_add(1, Ordering::Relaxed);
    let address = front.plan.listeners[listener].address.as_deref();
    client.environ = environ::of_client(&client, address, number);
    let first_host = client.candidates[0];
    let host = &front.plan.hosts[first_host];
    let idle_limit = Duration::from_millis(host.keep_alive_timeout_ms);
    let most_requests = host.max_keep_alive_requests;
    let (client, activity) = (Arc::new(client), Arc::new(Activity::new()));
    let service = service_fn(|request: Request<Incoming>| {
        let (front, client, activity) = (Arc::clone(&front), Arc::clone(&client), Arc::clone(&activity));
        async move {
            activity.busy.store(true, Ordering::Relaxed);
            let number = activity.requests.fetch_add(1, Ordering::Relaxed);
            let mut response = request::answer(&front, &client, request, number).await;
            if most_requests > 0 && number + 1 >= most_requests {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            activity.rest();
            Ok::<_, Infallible>(response)
        }
    });
    let mut connection = pin!(front.builders[first_host].serve_connection(TokioIo::new(stream), service));
    let mut look = pin!(tokio::time::sleep(idle_limit));
    let mut leaving = false;
    loop {
        tokio::select! {
            biased;
            // What goes wrong here is the client's: it left, or sent what hyper refuses.
            _ = &mut connection => return,
            () = front.stop.cancelled(), if !leaving => {
                leaving = true;
                connection.as_mut().graceful_shutdown();
            }
            () = &mut look, if !leaving => {
                let idle = activity.idle().filter(|_| activity.requests.load(Ordering::Relaxed) > 0);
                let left = idle.map_or(idle_limit, |idle| idle_limit.saturating_sub(idle));
                if left.is_zero() {
                    leaving = true;
                    connection.as_mut().graceful_shutdown();
                } else {
                    look.as_mut().reset(tokio::time::Instant::now() + left);
                }
            }
        }
    }
}

impl Activity {
    fn new() -> Self {
        Self {
            began: Instant::now(),
            busy: AtomicBool::new(false),
            rested: AtomicU64::new(0),
            requests: AtomicU64::new(0),
        }
    }

    fn rest(&self) {
        self.rested.store(self.began.elapsed().as_millis() as u64, Ordering::Relaxed);
        self.busy.store(false, Ordering::Relaxed);
    }
}
