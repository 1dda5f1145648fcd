//! Checks and serves Apache httpd configurations with mod_wsgi directives, without Apache.
//!
//! ```text
//! text → syntax::File → expanded → model::Server → Plan → processes
//!      parse          expand     lower, check    resolve  launch
//! ```
//!
//! [`compiler`] goes from the text to the [`plan::Plan`], [`runtime`] from there to running processes. The plan is all that the
//! two share. [`findings`] is what the compiler found, for people, programs and forges.

#![forbid(unsafe_code)]

// What pest_derive writes names it: without `std`, so that pest does not look at the stack at every step.
extern crate alloc;

pub mod compiler;
pub mod decision;
pub mod findings;
pub mod language_server;
pub mod plan;
pub mod runtime;
