//! The accept loop of one listening socket.

use std::io;
use std::net::{SocketAddr, TcpListener as StdListener};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::OwnedSemaphorePermit;

use super::{Front, connection};
use crate::plan::Plan;
use crate::plan::log::LogLevel;

/// How long to wait for descriptors to become free.
const PAUSE: Duration = Duration::from_millis(100);
/// How often the log hears of it.
const REMIND: Duration = Duration::from_secs(10);
/// Descriptors that clients do not get: for logs, files that are sent, connections of processes that are replaced.
const ASIDE: u64 = 64;
/// The same in a process that runs applications, which open files too.
const ASIDE_OF_APPLICATIONS: u64 = 256;

/// For how many clients this process has room. The rest of its descriptors are for its own side: one that has none left could not
/// even take in the connections to a new daemon process.
pub(super) fn room(plan: &Plan) -> usize {
    let limit = getrlimit(Resource::RLIMIT_NOFILE).map_or(1024, |(soft, _)| soft);
    let of_group = |group: &crate::plan::ProcessGroup| u64::from(group.processes) * u64::from(group.threads).max(4);
    let daemons: u64 = plan.process_groups.iter().map(of_group).sum();
    let aside = if plan.embedded.runs_python() { ASIDE_OF_APPLICATIONS } else { ASIDE };
    let room = limit.saturating_sub(daemons + aside).max(limit / 4);
    usize::try_from(room).unwrap_or(usize::MAX).min(tokio::sync::Semaphore::MAX_PERMITS)
}

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
        let mut say = |what: &str| {
            if said.is_none_or(|said| said.elapsed() > REMIND) {
                let message = format!("connections are not accepted for now: {what}");
                front.error_logs[0].write("core", LogLevel::Alert, &message);
                said = Some(Instant::now());
            }
        };
        loop {
            let accepted = tokio::select! {
                accepted = next(&front, &socket, &mut say) => accepted,
                () = front.stop.cancelled() => return,
            };
            match accepted {
                Ok((permit, stream, peer)) => {
                    let serving = connection::serve(Arc::clone(&front), stream, peer, listener);
                    front.tasks.spawn(async move {
                        serving.await;
                        drop(permit);
                    });
                }
                // The client left again before it was accepted.
                Err(error) if is_client(&error) => {}
                Err(error) => {
                    say(&error.to_string());
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    })
}

/// The next client, once there is room for it: those that wait stay with the kernel.
async fn next(
    front: &Front,
    socket: &TcpListener,
    say: &mut impl FnMut(&str),
) -> io::Result<(OwnedSemaphorePermit, TcpStream, SocketAddr)> {
    let permit = match Arc::clone(&front.room).try_acquire_owned() {
        Ok(permit) => permit,
        Err(_) => {
            say("as many are open as its descriptors (RLIMIT_NOFILE) allow");
            Arc::clone(&front.room).acquire_owned().await.map_err(io::Error::other)?
        }
    };
    let (stream, peer) = socket.accept().await?;
    Ok((permit, stream, peer))
}

fn is_client(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ConnectionAborted | io::ErrorKind::ConnectionReset)
}
