//! What the tests from outside need: a site to serve, a server that is started and stopped for it, a client that speaks
//! HTTP/1.1 byte by byte, the Pythons of this machine, and a look at processes.

mod http;
mod process;
mod pythons;
mod server;
mod site;

use std::io::Write as _;

pub(crate) use http::{Answer, Connection, Request};
pub(crate) use process::{alive, descendants, wait_until};
pub(crate) use pythons::{Python, free_threaded_pythons, pythons, system_python};
pub(crate) use server::{Server, check, command, free_port, profile_folder, run, tests_apache};
pub(crate) use site::{Mode, Site};

/// Says why a test, or a part of it, is left out: past the test harness, which keeps what a passing test prints to itself.
pub(crate) fn skipped(what: &str) {
    writeln!(std::io::stderr(), "skipped: {what}").ok();
}

/// Says where a test is that does the same several times: shown when it fails.
#[allow(clippy::print_stdout)]
pub(crate) fn note(what: &str) {
    println!("-- {what}");
}
