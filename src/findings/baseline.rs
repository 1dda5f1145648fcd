//! A baseline: findings that are known and accepted, by fingerprint, so that only new ones speak.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::Run;

/// The version of the file's form.
const VERSION: u32 = 1;

/// What is accepted.
#[derive(Debug, Serialize, Deserialize)]
pub struct Baseline {
    version: u32,
    findings: Vec<Accepted>,
}

/// A finding that is accepted. All but the fingerprint is there for the reader.
#[derive(Debug, Clone, Serialize, Deserialize, PartialEq, Eq)]
pub struct Accepted {
    /// Of the finding.
    pub fingerprint: String,
    /// The kind of finding.
    pub code: String,
    /// The file.
    pub file: String,
    /// What is wrong.
    pub message: String,
}

impl Baseline {
    /// Accepts everything that was found.
    pub fn of(run: &Run) -> Self {
        let mut findings: Vec<_> = run
            .findings
            .iter()
            .map(|finding| Accepted {
                fingerprint: finding.fingerprint.clone(),
                code: finding.code.name.to_owned(),
                file: finding.place().file.clone(),
                message: finding.message.clone(),
            })
            .collect();
        findings.sort_by(|one, other| one.file.cmp(&other.file));
        Self { version: VERSION, findings }
    }

    /// Reads one.
    ///
    /// # Errors
    /// When the text is no baseline of a version that is known here.
    pub fn read(text: &str) -> Result<Self, String> {
        let baseline: Self = serde_json::from_str(text).map_err(|error| format!("it is no baseline: {error}"))?;
        if baseline.version != VERSION {
            return Err(format!("its version is {}, and only {VERSION} is known here", baseline.version));
        }
        Ok(baseline)
    }

    /// As it is kept in a file.
    pub fn text(&self) -> String {
        let text = serde_json::to_string_pretty(self).expect("a baseline has no keys that JSON cannot write");
        format!("{text}\n")
    }

    /// Takes what is accepted out of a run, and returns what was accepted and is found no more in the files that were read.
    pub fn apply(&self, run: &mut Run, read: &BTreeSet<String>) -> Vec<Accepted> {
        let mut left: BTreeMap<&str, &Accepted> =
            self.findings.iter().map(|one| (one.fingerprint.as_str(), one)).collect();
        run.findings.retain(|finding| left.remove(finding.fingerprint.as_str()).is_none());
        let stale = self.findings.iter().filter(|one| left.contains_key(one.fingerprint.as_str()));
        stale.filter(|one| read.contains(&one.file)).cloned().collect()
    }
}
