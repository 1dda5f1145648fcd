//! The limits of the server's own processes depend on each other.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, Settings};
use crate::compiler::source::{Span, Spanned};

pub(super) const CHECK: Check = Check { code: &MPM_LIMITS_CONTRADICT, run };

static MPM_LIMITS_CONTRADICT: Code = Code::warning(
    "mpm-limits-contradict",
    "a limit of the server's processes is changed, because another one does not allow it",
    include_str!("mpm_limits_contradict.md"),
)
.predicts(&["AH00507", "AH00511", "AH00515"]);

/// What holds where no line says otherwise; `mpm_event` and `mpm_worker` have the same.
const THREADS: u64 = 25;
const THREAD_LIMIT: u64 = 64;
const SERVER_LIMIT: u64 = 16;

fn run(server: &Server, report: &mut Report) {
    let settings = &server.main().settings;
    let is_prefork = |line: &&crate::compiler::model::Line| line.word(0) == "mpm_prefork_module";
    if server.beyond.macros || settings.lines("LoadModule").any(|line| is_prefork(&line)) {
        return;
    }
    let threads = server.threads_per_child.as_ref().map_or(THREADS, |threads| threads.value);
    let limit = number(settings, "ThreadLimit");
    let most = limit.as_ref().map_or(THREAD_LIMIT, |limit| limit.value);
    if let Some(given) = server.threads_per_child.as_ref().filter(|given| given.value > most) {
        let found = MPM_LIMITS_CONTRADICT.at(given.span, format!("becomes {most}"));
        report.push(found.help(format!("add `ThreadLimit {}`", given.value)));
        return;
    }
    let workers = number(settings, "MaxRequestWorkers").or_else(|| number(settings, "MaxClients"));
    let Some(workers) = workers else { return };
    let servers = server.server_limit.as_ref().map_or(SERVER_LIMIT, |limit| limit.value);
    let possible = servers.saturating_mul(threads);
    let other = server.server_limit.as_ref().map(|limit| limit.span);
    if workers.value > possible {
        let needed = workers.value.div_ceil(threads.max(1));
        report_changed(&workers, possible, other, format!("write `ServerLimit {needed}`"), report);
    } else if workers.value < threads && server.threads_per_child.is_some() {
        let other = server.threads_per_child.as_ref().map(|threads| threads.span);
        report_changed(&workers, threads, other, format!("write `ThreadsPerChild {}`", workers.value), report);
    }
}

fn number(settings: &Settings, name: &str) -> Option<Spanned<u64>> {
    let word = settings.line(name)?.words.first()?;
    Some(Spanned::new(word.value.parse().ok()?, word.span))
}

fn report_changed(workers: &Spanned<u64>, becomes: u64, other: Option<Span>, help: String, report: &mut Report) {
    let mut found = MPM_LIMITS_CONTRADICT.at(workers.span, format!("becomes {becomes}"));
    if let Some(other) = other {
        found = found.and(other, "because of this");
    }
    report.push(found.help(help));
}
