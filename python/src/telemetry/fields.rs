//! What the records hold, by the numbers of mod_wsgi's fields.

use std::time::Duration;

use super::Identity;
use super::datagram::Datagram;
use crate::gateway::Request;
use crate::gateway::meter::Counts;
use crate::metrics::phase::Phase;
use crate::metrics::{Slow, Snapshot, rate};

/// Who sends, with its versions.
pub(super) fn versions(datagram: &mut Datagram, identity: &Identity) {
    datagram.text(1, identity.version.as_bytes());
    datagram.text(2, identity.python.as_bytes());
    datagram.text(3, identity.server.as_bytes());
    datagram.text(4, b"event");
}

/// Who sends: the host, and the process group of a daemon process.
pub(super) fn place(datagram: &mut Datagram, identity: &Identity) {
    datagram.text(5, &identity.host);
    datagram.text(6, identity.process_group.as_bytes());
}

/// The figures of an interval.
pub(super) fn requests(datagram: &mut Datagram, identity: &Identity, snapshot: &Snapshot) {
    let (interval, period) = (&snapshot.interval, snapshot.period);
    datagram.time(10, period);
    datagram.time(11, identity.interval);
    datagram.time(12, identity.slow_requests.unwrap_or_default());
    datagram.time(13, identity.switch_interval);
    datagram.count(20, interval.requests);
    datagram.number(21, snapshot.throughput());
    datagram.number(22, snapshot.utilization());
    let cpu = snapshot.cpu;
    for (field, time) in [(30, cpu.user), (31, cpu.system), (32, cpu.total())] {
        datagram.number(field, rate(time.as_secs_f64(), period));
    }
    datagram.count(40, snapshot.usage.memory);
    datagram.count(41, snapshot.usage.most_memory);
    datagram.count(50, snapshot.threads.len() as u64);
    datagram.count(51, snapshot.threads.len() as u64);
    datagram.count(52, snapshot.active_threads() as u64);
    let phases = [
        (60, &interval.server, true),
        (61, &interval.queue, identity.is_daemon()),
        (62, &interval.daemon, identity.is_daemon()),
        (63, &interval.application, true),
        (64, &interval.request, true),
        (65, &interval.gil_wait, true),
        (66, &interval.input_read, true),
        (67, &interval.output_write, true),
    ];
    for (field, phase, _) in phases.iter().filter(|(.., known)| *known) {
        put_phase(datagram, *field, phase);
    }
    for (field, count) in [
        (100, interval.input.bytes),
        (101, interval.input.times),
        (102, interval.output.bytes),
        (103, interval.output.times),
    ] {
        datagram.count(field, count);
    }
    for (field, count) in (120..).zip(interval.status) {
        datagram.count(field, count);
    }
    // At the end: with very many threads these do not fit.
    let threads = &snapshot.threads;
    datagram.counts(110, threads.iter().map(|thread| thread.completed));
    datagram.times(111, threads.iter().map(|thread| thread.busy));
    datagram.times(112, threads.iter().map(|thread| thread.cpu));
    datagram.times(113, threads.iter().map(|thread| thread.elapsed));
    datagram.times(114, threads.iter().map(|thread| thread.longest));
}

/// The mean; ten numbers higher each the shortest, the longest, and how the times are spread.
fn put_phase(datagram: &mut Datagram, field: u16, phase: &Phase) {
    datagram.number(field, phase.mean());
    if let Some((least, most)) = phase.bounds() {
        datagram.time(field + 10, least);
        datagram.time(field + 20, most);
    }
    datagram.counts(field + 30, phase.buckets().iter().map(|requests| u64::from(*requests)));
}

/// A slow request: one that is complete has a status.
pub(super) fn slow_request(datagram: &mut Datagram, slow: &Slow, complete: bool, user_agent: bool) {
    let request = &*slow.active.request;
    let Some(meter) = &request.meter else { return };
    let counts = meter.counts();
    let begun = crate::gateway::environ::now().saturating_sub(meter.begun.elapsed().as_micros() as u64);
    datagram.count(200, complete.into());
    datagram.time(201, Duration::from_micros(begun));
    datagram.time(202, slow.duration);
    datagram.count(203, meter.caller.thread_id.into());
    datagram.text(204, request.id());
    datagram.count(205, request.server_pid().try_into().unwrap_or_default());
    let scheme: &[u8] = if request.call.https { b"https" } else { b"http" };
    datagram.text(210, entry(request, b"REQUEST_METHOD"));
    datagram.text(211, scheme);
    datagram.text(212, entry(request, b"SERVER_NAME"));
    datagram.text(213, entry(request, b"SCRIPT_NAME"));
    datagram.text(214, entry(request, b"PATH_INFO"));
    datagram.text(215, entry(request, b"SERVER_PROTOCOL"));
    datagram.text(216, entry(request, b"REMOTE_ADDR"));
    if user_agent {
        datagram.text(217, entry(request, b"HTTP_USER_AGENT"));
    }
    let parts = slow.parts;
    datagram.time(220, parts.server);
    datagram.time(221, parts.queue);
    datagram.time(222, parts.daemon);
    datagram.time(223, parts.application);
    transfers(datagram, &counts);
    datagram.count(240, slow.status.into());
    datagram.time(250, slow.cpu.user);
    datagram.time(251, slow.cpu.system);
    datagram.count(260, slow.active.beside as u64);
    datagram.count(261, slow.beside as u64);
}

fn transfers(datagram: &mut Datagram, counts: &Counts) {
    datagram.time(224, counts.gil_wait);
    datagram.count(225, counts.gil_waits);
    datagram.count(230, counts.input.bytes);
    datagram.count(231, counts.input.times);
    datagram.count(232, counts.output.bytes);
    datagram.count(233, counts.output.times);
    datagram.time(234, counts.input.time);
    datagram.time(235, counts.output.time);
}

/// An entry of `environ`, of the request or of its target.
fn entry<'a>(request: &'a Request, name: &[u8]) -> &'a [u8] {
    let of_target = || request.call.target.environ.iter().find(|entry| entry.0 == name).map(|entry| entry.1);
    request.entry(name).or_else(of_target).unwrap_or_default()
}
