//! One client's connection: its requests, one after the other, until it is idle for too long or the process leaves.

use std::convert::Infallible;
use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::Poll;
use std::time::Duration;

use hyper::Request;
use hyper::body::Incoming;
use hyper::header::{self, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use tokio::net::TcpStream;

use super::noticed::Noticed;
use super::watch::Order;
use super::{Client, Front, answer, environ, request};
use crate::plan::Host;
use crate::plan::log::LogLevel;
use crate::runtime::pairs::Pairs;

/// Header fields of a request (`LimitRequestFields`, its default).
const MOST_FIELDS: usize = 100;

/// How long a client may take nothing of an answer, where its process group says that: goes with the answer.
#[derive(Debug, Clone, Copy)]
pub(super) struct StallLimit(pub(super) Duration);

/// How hyper serves the connections of a host. Times are kept by [`super::watch`].
pub(super) fn builder(host: &Host) -> http1::Builder {
    let mut builder = http1::Builder::new();
    builder.header_read_timeout(None).keep_alive(host.keep_alive).half_close(true).max_headers(MOST_FIELDS);
    builder
}

/// Serves a connection to its end.
pub(super) async fn serve(front: Arc<Front>, stream: TcpStream, peer: SocketAddr, listener: usize) {
    let Ok(local) = stream.local_addr() else { return };
    // Small answers go out at once; without it a second one would wait for the first one's acknowledgement.
    let _ = stream.set_nodelay(true);
    let number = front.connections.fetch_add(1, Ordering::Relaxed);
    let candidates = front.hosts.for_address(local).0;
    let seat = front.board.as_ref().map(|board| Arc::new(board.sit(number, peer.ip(), local.port())));
    let mut client = Client { peer, local, candidates, environ: Pairs::default(), seat };
    let address = front.plan.listeners[listener].address.as_deref();
    client.environ = environ::of_client(&client, address, number);
    let first_host = client.candidates[0];
    let host = &front.plan.hosts[first_host];
    let most_requests = host.max_keep_alive_requests;
    let stall_limit = Duration::from_secs(host.timeout.into());
    let watched = front.watch.add(Duration::from_millis(host.keep_alive_timeout_ms), stall_limit);
    let requests = AtomicU64::new(0);
    let service = service_fn(|request: Request<Incoming>| {
        let answering = watched.answers();
        let number = requests.fetch_add(1, Ordering::Relaxed);
        let (front, client, watched) = (&front, &client, &watched);
        async move {
            let mut response = request::answer(front, client, request, number).await;
            let own = response.extensions_mut().remove::<StallLimit>();
            watched.limit_stalls(own.map_or(stall_limit, |own| own.0));
            if most_requests > 0 && number + 1 >= most_requests {
                response.headers_mut().insert(header::CONNECTION, HeaderValue::from_static("close"));
            }
            response.body_mut().hold(answering, client.seat.clone());
            Ok::<_, Infallible>(response)
        }
    });
    let stream = Noticed::new(stream, Arc::clone(&watched));
    let mut connection = front.builders[first_host].serve_connection(stream, service);
    let mut leaving = false;
    let in_time = poll_fn(|context| {
        match watched.order(context.waker()) {
            Order::TooSlow => return Poll::Ready(false),
            Order::Stalled => {
                let message = format!("[client {peer}] WSGI0120: it takes nothing of its answer, and is cut off");
                front.error_logs[first_host].write("wsgi", LogLevel::Error, &message);
                return Poll::Ready(true);
            }
            Order::Leave if !leaving => {
                leaving = true;
                Pin::new(&mut connection).graceful_shutdown();
            }
            Order::Leave | Order::None => {}
        }
        // What goes wrong here is the client's: it left, or sent what hyper refuses.
        let polled = Pin::new(&mut connection).poll(context).map(|_| true);
        if let Some(seat) = &client.seat
            && let Some(waits) = watched.waits_for()
        {
            seat.waits(waits);
        }
        polled
    });
    if !in_time.await {
        let parts = connection.into_parts();
        // Of a head that has not even begun nobody waits for the answer.
        if !parts.read_buf.is_empty() {
            answer::say_late(&parts.io.into_inner());
        }
    }
}
