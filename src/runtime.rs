//! Runs a [`crate::plan::Plan`]: bind → start → serve → drain.

pub mod boot;
pub mod exchange;
pub mod front;
pub mod handoff;
pub mod pairs;
pub mod wire;
