//! Embedded mode: applications in the process that accepts HTTP, called by the front's own threads.

use std::cell::Cell;
use std::collections::VecDeque;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use wsgi_httpd::runtime::exchange::{Application, Call, Dispatched, Exchange, Question, Said};
use wsgi_httpd::runtime::front;
use wsgi_httpd::runtime::handoff::{Control, FrontWork};
use wsgi_httpd::runtime::scoreboard::Scoreboard;

use crate::events;
use crate::gateway::{self, Caller, access, dispatch};
use crate::gil;
use crate::interpreter::{let_go, own_gil_is_possible};
use crate::log;
use crate::module::{self, Settings};
use crate::object::Attached;
use crate::process::{self, SHUTDOWN_TIMEOUT};
use crate::telemetry;
use crate::title;

/// Serves until the parent says stop.
pub(crate) fn run(
    attached: Attached<'_>,
    work: FrontWork,
    descriptors: VecDeque<OwnedFd>,
    control: &Control,
) -> io::Result<()> {
    if let Some(host) = work.plan.hosts.first() {
        log::set_level(host.error_log.wsgi_level);
    }
    title::set("wsgi-serve: embedded");
    let embedded = &work.plan.embedded;
    // The front has another descriptor of it.
    let memory = work.scoreboard.filter(|_| embedded.server_metrics).zip(descriptors.back());
    let scoreboard =
        memory.map(|((_, layout), memory)| Ok::<_, io::Error>(Scoreboard::open(layout, memory.try_clone()?)));
    module::set_settings(Settings {
        process_group: String::new(),
        maximum_processes: embedded.processes,
        threads_per_process: embedded.threads,
        home: None,
        python_path: embedded.python_path.iter().map(|folder| folder.as_os_str().as_bytes().to_vec()).collect(),
        run_once: false,
        service: false,
        server: (embedded.processes, embedded.threads),
        interpreters: work.interpreters.clone(),
        telemetry: work.plan.telemetry.is_some(),
        scoreboard: scoreboard.transpose()?,
    });
    let main = process::furnish_main(attached)?;
    let interpreters = &work.interpreters;
    let asked = interpreters.own_gil || interpreters.options.iter().any(|options| options.own_gil == Some(true));
    let parallel = gil::is_off() || asked && own_gil_is_possible();
    let control = control.try_clone()?;
    let reporter = telemetry::start(work.plan.telemetry.as_ref());
    let served = attached.detached(|| {
        process::preload(&work.preload);
        front::serve(work, descriptors, control, Some(Arc::new(Embedded { parallel })))
    });
    process::leave_within(SHUTDOWN_TIMEOUT);
    // As in mod_wsgi: only a daemon process knows a reason.
    attached.detached(|| {
        if let Some(reporter) = &reporter {
            reporter.stopping("");
        }
        events::process_stops("");
        if let Some(reporter) = reporter {
            reporter.end();
        }
    });
    process::end_interpreters(attached, main);
    served
}

/// The applications of this process.
struct Embedded {
    /// Calls can run Python at once.
    parallel: bool,
}

thread_local! {
    static THREAD_ID: Cell<u32> = const { Cell::new(0) };
}

static THREADS: AtomicU32 = AtomicU32::new(0);

impl Application for Embedded {
    fn is_parallel(&self) -> bool {
        self.parallel
    }

    fn run(&self, call: Call, exchange: &mut dyn Exchange) {
        if THREAD_ID.get() == 0 {
            THREAD_ID.set(THREADS.fetch_add(1, Ordering::Relaxed) + 1);
        }
        gateway::run(
            call,
            exchange,
            Caller { thread_id: THREAD_ID.get(), daemon_start: 0, daemon: false, lingers: true },
        );
    }

    fn dispatch(&self, call: Call) -> Option<Dispatched> {
        dispatch::ask(call)
    }

    fn ask(&self, call: Call, question: &Question) -> Option<Said> {
        access::ask(call, question)
    }

    fn rest(&self) {
        let_go();
    }

    fn python(&self) -> String {
        module::python_version()
    }
}
