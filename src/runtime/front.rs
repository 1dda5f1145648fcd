//! Accepts HTTP, and answers from files, from daemon processes and, in an embedded process, from applications of its own.

mod access_log;
mod answer;
mod aside;
mod basic;
mod board;
mod connection;
mod daemon;
mod digest;
mod embedded;
mod environ;
mod guard;
mod input;
mod listen;
mod names;
mod noticed;
mod owner;
mod passwords;
mod proxies;
mod request;
mod route;
mod script;
mod sections;
mod static_files;
mod turns;
mod verdict;
mod watch;

use std::collections::VecDeque;
use std::fs::File;
use std::io;
use std::net::{SocketAddr, ToSocketAddrs};
use std::num::NonZero;
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Duration;

use hyper::server::conn::http1;
use rustix::io::Errno;
use tokio::sync::{Semaphore, mpsc};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use super::exchange::Application;
use super::handoff::{Control, FrontWork, Order, Report, ScriptOwner};
use super::log::ErrorLog;
use super::pairs::Pairs;
use super::scoreboard::Scoreboard;
use crate::decision::hosts::Hosts;
use crate::plan::Plan;
use crate::plan::log::{AccessLog, LogTarget};
use access_log::AccessLogs;
use aside::Aside;
use board::{Board, Seat};
use daemon::Pool;
use digest::Nonces;
use embedded::Embedded;
use owner::Owner;
use route::Routes;
use turns::Turns;
use watch::Watch;

/// How long threads may take to end when all requests are over.
const LAST_WAIT: Duration = Duration::from_secs(1);
/// How long to wait when there was no room for the connections to a daemon process.
const NO_ROOM: Duration = Duration::from_millis(100);
/// So many files of users and groups are read at a time.
const LOOKING_UP: usize = 16;
/// How long the requests under way may take when the parent has died, seconds.
const ORPHAN: f64 = 10.0;

/// Everything that the requests share.
struct Front {
    plan: Arc<Plan>,
    hosts: Hosts,
    /// One for each host, as all lists below.
    routes: Vec<Routes>,
    builders: Vec<http1::Builder>,
    error_logs: Vec<ErrorLog>,
    access_logs: Vec<Arc<AccessLogs>>,
    has_access_log: bool,
    /// One for each process group.
    pools: Vec<Arc<Pool>>,
    /// Whose the scripts of each process group must be.
    owners: Vec<Option<Owner>>,
    embedded: Option<Embedded>,
    connections: AtomicU64,
    /// A permit for each connection that there is room for.
    room: Arc<Semaphore>,
    nonces: Nonces,
    /// What applications may see of this process.
    board: Option<Arc<Board>>,
    /// Comparing a password with a hash that takes long on purpose.
    hashing: Aside,
    /// Looking something up in a file.
    looking_up: Aside,
    watch: Watch,
    tasks: TaskTracker,
    stop: CancellationToken,
}

/// Who is at the other end of a connection, and of which hosts it may ask.
struct Client {
    peer: SocketAddr,
    local: SocketAddr,
    candidates: Vec<usize>,
    environ: Pairs,
    seat: Option<Arc<Seat>>,
}

/// Serves until the parent says stop. `descriptors` are those that came with the work; `application` is there in an embedded
/// process, and called on threads that this starts, one more than `ThreadsPerChild`.
///
/// # Errors
/// When the process has no threads or descriptors to start with.
pub fn serve(
    work: FrontWork,
    mut descriptors: VecDeque<OwnedFd>,
    control: Control,
    application: Option<Arc<dyn Application>>,
) -> io::Result<()> {
    // One thread drives the event loop: requests do not move between threads, and nothing has to be woken.
    let runtime = Arc::new(tokio::runtime::Builder::new_current_thread().enable_all().build()?);
    let listeners: Vec<(usize, OwnedFd)> =
        work.listeners.iter().copied().zip(descriptors.drain(..work.listeners.len().min(descriptors.len()))).collect();
    let board = match (work.scoreboard, work.scoreboard.and_then(|_| descriptors.pop_back())) {
        (Some((number, layout)), Some(memory)) => Some(Board::new(Scoreboard::open(layout, memory), number)?),
        _ => None,
    };
    let logs: Vec<(LogTarget, Arc<File>)> =
        work.logs.iter().cloned().zip(descriptors.into_iter().map(|log| Arc::new(File::from(log)))).collect();
    let python = application.as_ref().map(|application| application.python());
    let threads = work.plan.embedded.threads.max(1) as usize;
    let turns = application.map(|application| (Turns::new(threads, Arc::clone(&application)), application));
    let leading = turns.as_ref().map(|(turns, _)| Arc::clone(turns));
    let entered = runtime.enter();
    let front =
        Arc::new(Front { board, ..build(work.plan, work.script_owners, &logs, turns, Nonces::new(work.secret))? });
    drop(entered);
    let running = run(front, listeners, control, python);
    let Some(turns) = leading else { return runtime.block_on(running) };
    let result = runtime.spawn({
        let turns = Arc::clone(&turns);
        async move {
            let result = running.await;
            turns.end();
            result
        }
    });
    let threads = turns.start(&runtime)?;
    turns.await_end();
    // A thread that hangs in an application is left to the end of the process.
    if turns::join(&threads, LAST_WAIT) {
        runtime.block_on(result).unwrap_or_else(|error| Err(io::Error::other(error)))
    } else {
        Ok(())
    }
}

fn build(
    plan: Plan,
    script_owners: Vec<ScriptOwner>,
    logs: &[(LogTarget, Arc<File>)],
    application: Option<(Arc<Turns>, Arc<dyn Application>)>,
    nonces: Nonces,
) -> io::Result<Front> {
    let plan = Arc::new(plan);
    let tasks = TaskTracker::new();
    let processors = std::thread::available_parallelism().map_or(1, NonZero::get);
    let open = |target: &LogTarget| logs.iter().find(|(known, _)| known == target).map(|(_, file)| Arc::clone(file));
    let missing = || io::Error::other("the parent has not opened the error log");
    let error_logs = plan.hosts.iter().map(|host| {
        let file = open(&host.error_log.target).ok_or_else(missing)?;
        Ok(ErrorLog::new(file, host.error_log.level))
    });
    let access_logs =
        plan.hosts.iter().map(|host| Arc::new(AccessLogs::new(&host.access_logs, |log: &AccessLog| open(&log.target))));
    let embedded = application.map(|(turns, application)| Embedded::new(application, turns, tasks.clone()));
    Ok(Front {
        hosts: hosts(&plan),
        routes: (0..plan.hosts.len()).map(|host| Routes::new(&plan, host)).collect::<io::Result<_>>()?,
        builders: plan.hosts.iter().map(connection::builder).collect(),
        error_logs: error_logs.collect::<io::Result<_>>()?,
        has_access_log: plan.hosts.iter().any(|host| !host.access_logs.is_empty()),
        access_logs: access_logs.collect(),
        pools: plan.process_groups.iter().map(|group| Pool::new(group, tasks.clone())).collect(),
        owners: plan.process_groups.iter().zip(script_owners).map(|(group, owner)| Owner::new(group, owner)).collect(),
        embedded,
        connections: AtomicU64::new(1),
        room: Arc::new(Semaphore::new(listen::room(&plan))),
        nonces,
        board: None,
        hashing: Aside::new(processors, tasks.clone()),
        looking_up: Aside::new(LOOKING_UP, tasks.clone()),
        watch: Watch::new(&plan.hosts),
        tasks,
        stop: CancellationToken::new(),
        plan,
    })
}

/// The hosts, the names among their addresses looked up.
fn hosts(plan: &Plan) -> Hosts {
    let names = plan.hosts.iter().map(|host| {
        let aliases = host.server_aliases.iter().map(String::as_str).collect();
        (host.addresses.iter().collect(), host.server_name.as_deref(), aliases)
    });
    Hosts::new(names, |name| {
        let found = (name, 0).to_socket_addrs().into_iter().flatten();
        found.map(|socket| socket.ip()).collect()
    })
}

async fn run(
    front: Arc<Front>,
    listeners: Vec<(usize, OwnedFd)>,
    control: Control,
    python: Option<String>,
) -> io::Result<()> {
    for (listener, descriptor) in listeners {
        front.tasks.spawn(listen::accept(Arc::clone(&front), listener, descriptor)?);
    }
    tokio::spawn({
        let front = Arc::clone(&front);
        async move { front.watch.run(&front.stop).await }
    });
    let mut orders = orders(control.try_clone()?)?;
    control.send(&Report::Ready { python }, &[])?;
    let within = loop {
        match orders.recv().await {
            Some((Order::Connections { group, pid, bell }, descriptors)) => {
                take_in(&front, group, pid, bell, descriptors)?;
            }
            Some((Order::Failing { group }, _)) => front.pools[group].fails(),
            Some((Order::Stop { within }, _)) => break within,
            None => break ORPHAN,
        }
    };
    front.stop.cancel();
    front.tasks.close();
    let _ = tokio::time::timeout(Duration::from_secs_f64(within.clamp(0.0, 86400.0)), front.tasks.wait()).await;
    Ok(())
}

fn take_in(front: &Front, group: usize, pid: u32, bell: bool, mut descriptors: VecDeque<OwnedFd>) -> io::Result<()> {
    let bell = if bell { descriptors.pop_front() } else { None };
    let streams = descriptors.into_iter().map(|descriptor| {
        let stream = UnixStream::from(descriptor);
        stream.set_nonblocking(true)?;
        tokio::net::UnixStream::from_std(stream)
    });
    let streams = streams.collect::<io::Result<Vec<_>>>()?;
    if let Some(pool) = front.pools.get(group) {
        pool.add(pid, streams, bell);
    }
    Ok(())
}

type Orders = mpsc::UnboundedReceiver<(Order, VecDeque<OwnedFd>)>;

/// Reads the parent's orders on a thread of its own, which ends with the parent or the process.
fn orders(control: Control) -> io::Result<Orders> {
    let (sender, receiver) = mpsc::unbounded_channel();
    std::thread::Builder::new().name("wsgi-orders".into()).spawn(move || {
        loop {
            match control.receive() {
                Ok(Some(order)) => {
                    if sender.send(order).is_err() {
                        return;
                    }
                }
                // The threads see the connections close that had no room here, and ask for new ones.
                Err(error) if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => std::thread::sleep(NO_ROOM),
                Ok(None) | Err(_) => return,
            }
        }
    })?;
    Ok(receiver)
}
