//! How every Python is started: directives of the whole server that stand for what one would type after `python`.

use serde::{Deserialize, Serialize};

/// The flags of Python.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Flags {
    /// `WSGIDontWriteBytecode`: `-B`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub dont_write_bytecode: bool,
    /// `WSGIPythonOptimize`: 1 is `-O`, 2 is `-OO`.
    #[serde(default)]
    pub optimize: u8,
    /// `WSGIPythonWarnings`, in file order: `-W` each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// `WSGIPythonHashSeed`, as `PYTHONHASHSEED` takes it: `random`, or 0 to 4294967295. `None` leaves it to the environment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash_seed: Option<String>,
}

impl Flags {
    /// Whether nothing was said.
    #[must_use]
    pub fn is_default(&self) -> bool {
        *self == Self::default()
    }
}
