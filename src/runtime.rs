//! Runs a [`crate::plan::Plan`]: bind → start → serve → drain.

pub mod boot;
pub mod child;
pub mod exchange;
pub mod front;
pub mod handoff;
pub mod inherited;
pub mod log;
pub mod overview;
pub mod pairs;
pub mod parent;
pub mod privileges;
pub mod scoreboard;
pub mod short_hash;
pub mod wire;
