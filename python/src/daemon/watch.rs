//! The timers of a daemon process. Each does its work whatever the others are set to.

use std::sync::atomic::Ordering;

use wsgi_httpd::plan::log::LogLevel;

use super::attendant::{Attendant, Late};
use super::slot::Slot;
use super::{Milliseconds, NEVER, Shared, seconds};
use crate::log;
use crate::script;

/// What the main thread knows of the time.
pub(super) struct Watch<'a> {
    shared: &'a Shared,
    attendant: &'a Attendant,
    /// For each thread, how far its late request has been dealt with.
    steps: Vec<Step>,
}

/// What was done about a request that takes too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Nothing,
    /// `RequestTimeout` was raised in the request that began then.
    Interrupted {
        begun: Milliseconds,
        at: Milliseconds,
    },
    /// The process is to leave because of it.
    GivenUp {
        begun: Milliseconds,
    },
}

impl<'a> Watch<'a> {
    /// Nothing has happened yet.
    pub(super) fn new(shared: &'a Shared, attendant: &'a Attendant) -> Self {
        Self { shared, attendant, steps: vec![Step::Nothing; shared.slots.len()] }
    }

    /// Does what is due; when to look again.
    pub(super) fn look(&mut self) -> Milliseconds {
        let now = self.shared.now();
        let requests = self.requests(now);
        let others = [self.startup(now), self.restart(now), self.inactivity(now), self.deadlock(now), self.grace(now)];
        others.into_iter().fold(requests, Milliseconds::min)
    }

    fn startup(&self, now: Milliseconds) -> Milliseconds {
        let Some(limit) = self.shared.timers.startup.filter(|_| !script::any_loaded()) else { return NEVER };
        let first = self.shared.slots.iter().filter_map(Slot::first).min();
        let due = first.unwrap_or(now) + seconds(limit);
        if due > now {
            return due;
        }
        self.leave(&format!("startup-timeout: no script has been loaded in the {limit} s since the first request"));
        NEVER
    }

    fn restart(&self, now: Milliseconds) -> Milliseconds {
        let Some(limit) = self.shared.timers.restart_interval.filter(|_| !self.shared.is_draining()) else {
            return NEVER;
        };
        let due = seconds(limit);
        if due > now {
            return due;
        }
        let reason = format!("restart-interval: it has run for {limit} s");
        self.shared.drain(&reason, self.shared.timers.graceful);
        NEVER
    }

    fn inactivity(&self, now: Milliseconds) -> Milliseconds {
        let Some(limit) = self.shared.timers.inactivity else { return NEVER };
        if !self.shared.is_idle() {
            // A request that ends after this moment puts it off at least as far.
            return now + seconds(limit);
        }
        let last = self.shared.slots.iter().map(Slot::ended).max().unwrap_or_default();
        let due = last + seconds(limit);
        if due > now {
            return due;
        }
        self.shared.leave(&format!("inactivity-timeout: no request for {limit} s"));
        NEVER
    }

    fn deadlock(&self, now: Milliseconds) -> Milliseconds {
        let Some(limit) = self.shared.timers.deadlock else { return NEVER };
        let since = self.shared.attaching.load(Ordering::SeqCst);
        let due = if since == 0 { now } else { since } + seconds(limit);
        if due > now {
            return due;
        }
        self.leave(&format!("deadlock-timeout: some thread has kept the GIL for {limit} s"));
        NEVER
    }

    /// The process is to leave when it has no request, or now.
    fn grace(&self, now: Milliseconds) -> Milliseconds {
        let until = self.shared.until.load(Ordering::SeqCst);
        if until <= now {
            self.shared.leave("its time to leave has run out");
        }
        until
    }

    fn requests(&mut self, now: Milliseconds) -> Milliseconds {
        let Some(limit) = self.shared.request_limit() else { return NEVER };
        let mut next = now + limit;
        for thread in 0..self.steps.len() {
            let Some(begun) = self.shared.slots[thread].running() else { continue };
            next = next.min(self.request(now, limit, Late { thread, begun }));
        }
        next
    }

    fn request(&mut self, now: Milliseconds, limit: Milliseconds, late: Late) -> Milliseconds {
        let begun = late.begun;
        let due = begun + limit;
        if due > now {
            return due;
        }
        let interrupt = self.shared.timers.interrupt;
        let step = self.steps[late.thread];
        if step == (Step::GivenUp { begun }) {
            return NEVER;
        }
        if let Some(patience) = interrupt {
            let at = match step {
                Step::Interrupted { begun: the_same, at } if the_same == begun => at,
                _ => {
                    self.say(now, late, "RequestTimeout is raised in it");
                    self.attendant.show(late);
                    self.attendant.interrupt(late);
                    self.steps[late.thread] = Step::Interrupted { begun, at: now };
                    now
                }
            };
            if at + seconds(patience) > now {
                return at + seconds(patience);
            }
        }
        self.steps[late.thread] = Step::GivenUp { begun };
        self.say(now, late, if interrupt.is_some() { "RequestTimeout has not ended it" } else { "the process leaves" });
        self.attendant.show(late);
        let reason = format!("request-timeout: a request has taken {}", shown(now - begun));
        self.shared.drain(&reason, self.shared.timers.graceful);
        NEVER
    }

    fn say(&self, now: Milliseconds, late: Late, what: &str) {
        let (timeout, threads) = (self.shared.timers.request.unwrap_or_default(), self.shared.slots.len());
        let limit = if threads == 1 {
            format!("{timeout} s")
        } else {
            let limit = shown(self.shared.request_limit().unwrap_or_default());
            format!("{timeout} s, which for {threads} threads are {limit}")
        };
        let (thread, took) = (late.thread + 1, shown(now - late.begun));
        let text =
            format!("request-timeout: the request of thread {thread} has taken {took}, the limit is {limit}: {what}");
        log::write(LogLevel::Error, None, text);
    }

    fn leave(&self, reason: &str) {
        log::write(LogLevel::Error, None, reason);
        self.shared.leave(reason);
    }
}

/// A length of time for people: `1.5 s`.
fn shown(time: Milliseconds) -> String {
    format!("{}.{} s", time / 1000, time % 1000 / 100)
}
