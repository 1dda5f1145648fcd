//! The language server as an editor meets it: the command, its standard input and its standard output.

// JSON is given as it is made.
#![allow(clippy::needless_pass_by_value)]

#[path = "language_server/client.rs"]
mod client;
#[path = "language_server/documents.rs"]
mod documents;
#[path = "language_server/lifecycle.rs"]
mod lifecycle;
#[path = "language_server/places.rs"]
mod places;
#[path = "language_server/pygls.rs"]
mod pygls;
#[path = "language_server/repairs.rs"]
mod repairs;
#[path = "language_server/typing.rs"]
mod typing;
