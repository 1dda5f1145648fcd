//! The commands from outside: real processes, real sockets, real WSGI scripts, under every Python of this machine.
//!
//! Nothing here knows the inside, so anything inside may change. Nothing waits for a time: a test waits for a condition, and the
//! applications wait for files that the test makes.

// A test may read files, clocks and the environment, and fails by panicking.
#![allow(clippy::disallowed_methods, clippy::disallowed_types, clippy::unwrap_used)]
// `mod_wsgi` is a name, and a constant stands where it is used.
#![allow(clippy::doc_markdown, clippy::items_after_statements)]

mod support;

#[path = "serve/api.rs"]
mod api;
#[path = "serve/authentication.rs"]
mod authentication;
#[path = "serve/bodies.rs"]
mod bodies;
#[path = "serve/codes.rs"]
mod codes;
#[path = "serve/command_line.rs"]
mod command_line;
#[path = "serve/confinement.rs"]
mod confinement;
#[path = "serve/connections.rs"]
mod connections;
#[path = "serve/defects.rs"]
mod defects;
#[path = "serve/descriptors.rs"]
mod descriptors;
#[path = "serve/digest.rs"]
mod digest;
#[path = "serve/dispatch.rs"]
mod dispatch;
#[path = "serve/endings.rs"]
mod endings;
#[path = "serve/environ.rs"]
mod environ;
#[path = "serve/examples.rs"]
mod examples;
#[path = "serve/faults.rs"]
mod faults;
#[path = "serve/files.rs"]
mod files;
#[path = "serve/flags.rs"]
mod flags;
#[path = "serve/forks.rs"]
mod forks;
#[path = "serve/free_threading.rs"]
mod free_threading;
#[path = "serve/groups.rs"]
mod groups;
#[path = "serve/handlers.rs"]
mod handlers;
#[path = "serve/hosts.rs"]
mod hosts;
#[path = "serve/interpreters.rs"]
mod interpreters;
#[path = "serve/logs.rs"]
mod logs;
#[path = "serve/metrics.rs"]
mod metrics;
#[path = "serve/names.rs"]
mod names;
#[path = "serve/overrides.rs"]
mod overrides;
#[path = "serve/own_gil.rs"]
mod own_gil;
#[path = "serve/privileges.rs"]
mod privileges;
#[path = "serve/proxies.rs"]
mod proxies;
#[path = "serve/pythons.rs"]
mod pythons;
#[path = "serve/reloading.rs"]
mod reloading;
#[path = "serve/responses.rs"]
mod responses;
#[path = "serve/restarts.rs"]
mod restarts;
#[path = "serve/scripts.rs"]
mod scripts;
#[path = "serve/server_metrics.rs"]
mod server_metrics;
#[path = "serve/startup.rs"]
mod startup;
#[path = "serve/telemetry.rs"]
mod telemetry;
#[path = "serve/tenants.rs"]
mod tenants;
#[path = "serve/timers.rs"]
mod timers;
