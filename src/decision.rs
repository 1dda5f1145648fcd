//! The rules by which a request finds what answers it, as pure functions: which host, what a path means, which sections match,
//! who may see it, and what its interpreter is called. The runtime decides by them and the compiler explains by them.
//!
//! They know the plan's words and nobody else. None of them keeps a record of what it did: whoever wants to tell it does so.

pub mod access;
mod end_of_text;
pub mod group;
pub mod hosts;
pub mod path;
pub mod pattern;
pub mod sections;
