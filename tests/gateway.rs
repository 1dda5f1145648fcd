//! The gateway and the daemon process, from outside: every Python found serves real WSGI scripts over the wire.

#[path = "gateway/failures.rs"]
mod failures;
#[path = "gateway/groups.rs"]
mod groups;
#[path = "gateway/harness.rs"]
mod harness;
#[path = "gateway/process.rs"]
mod process;
#[path = "gateway/speed.rs"]
mod speed;
#[path = "gateway/wsgi.rs"]
mod wsgi;
