//! The accept loop of one listening socket.

use std::io;
use std::net::TcpListener as StdListener;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use tokio::net::TcpListener;

use super::{Front, connection};
use crate::plan::log::LogLevel;

/// How long to wait for descriptors to become free.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the log hears of it.
const REMIND: Duration = Duration::from_secs(10);

/// Accepts until the process leaves. Its connections are tasks of the front.
pub(super) fn accept(
    front: Arc<Front>,
    listener: usize,
    descriptor: OwnedFd,
) -> io::Result<impl Future<Output = ()> + Send + 'static> {
    let socket = StdListener::from(descriptor);
    socket.set_nonblocking(true)?;
    let socket = TcpListener::from_std(socket)?;
    Ok(async move {
        let mut said: Option<Instant> = None;
        loop {
            let accepted = tokio::select! {
                accepted = socket.accept() => accepted,
                () = front.stop.cancelled() => return,
            };
            match accepted {
                Ok((stream, peer)) => {
                    front.tasks.spawn(connection::serve(Arc::clone(&front), stream, peer, listener));
                }
                // The client left again before it was accepted.
                Err(error) if is_client(&error) => {}
                Err(error) => {
                    if said.is_none_or(|said| said.elapsed() > REMIND) {
                        let message = format!("connections are not accepted for now: {error}");
                        front.error_logs[0].write("core", LogLevel::Alert, &message);
                        said = Some(Instant::now());
                    }
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

fn is_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
