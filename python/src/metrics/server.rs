//! What the processes that accept HTTP do, by the names of Apache's scoreboard: `mod_wsgi.server_metrics()`.

use std::io;

use wsgi_httpd::runtime::scoreboard::{Layout, Process, Scoreboard, Stage, Worker};

use crate::gateway::environ::now;
use crate::module::settings;
use crate::value::{Value, count, moment};

/// All of it; `None` where applications may not see it.
pub(super) fn of_server() -> Value {
    let scoreboard = settings().scoreboard.as_ref();
    scoreboard.and_then(|scoreboard| of(scoreboard).ok()).unwrap_or(Value::Nothing)
}

fn of(scoreboard: &Scoreboard) -> io::Result<Value> {
    let Layout { size, began } = scoreboard.layout;
    let processes = (0..size.processes).map(|number| {
        let (process, workers) = scoreboard.read(number)?;
        Ok(of_process(&scoreboard.layout, number, process, &workers))
    });
    let processes = processes.collect::<io::Result<_>>()?;
    let now = now();
    Ok(Value::Dict(vec![
        ("server_limit", count(size.processes.into())),
        ("thread_limit", count(size.slots.into())),
        ("running_generation", GENERATION),
        ("restart_time", moment(began)),
        ("current_time", moment(now)),
        ("running_time", count(now.saturating_sub(began) / 1_000_000)),
        ("processes", Value::List(processes)),
    ]))
}

/// The configuration is read once.
const GENERATION: Value = Value::Count(0);

fn of_process(layout: &Layout, number: u32, process: Process, workers: &[Worker]) -> Value {
    let workers =
        (0..).zip(workers).map(|(slot, worker)| of_worker(layout.letter(process, slot, worker), slot, worker));
    Value::Dict(vec![
        ("process_num", count(number.into())),
        ("pid", count(process.pid.into())),
        ("generation", GENERATION),
        ("quiescing", Value::Flag(process.stage == Stage::Leaving)),
        ("workers", Value::List(workers.collect())),
    ])
}

fn of_worker(letter: char, slot: u32, worker: &Worker) -> Value {
    let text = |text: &[u8]| Value::Text(text.to_owned());
    Value::Dict(vec![
        ("thread_num", count(slot.into())),
        ("generation", GENERATION),
        ("status", text(&[letter as u8])),
        ("access_count", count(worker.access_count)),
        ("bytes_served", count(worker.bytes_served)),
        ("start_time", moment(worker.start)),
        ("stop_time", moment(worker.stop)),
        ("last_used", moment(worker.last_used)),
        ("client", text(worker.client())),
        ("request", text(worker.request())),
        ("vhost", text(worker.host())),
    ])
}
