//! What Apache said of configurations that are made, kept between runs below `target`: asking takes minutes, reading does not.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::io::Write as _;
use std::path::Path;

use crate::corpus::Case;
use crate::oracle::{self, Oracle, Verdict};

/// The answers of one Apache.
pub(crate) struct Answers {
    known: HashMap<u64, Verdict>,
    file: std::fs::File,
}

impl Answers {
    /// Those of earlier runs, to which the new ones are added.
    pub(crate) fn open(oracle: &Oracle) -> Self {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/apache");
        std::fs::create_dir_all(&folder).expect("a folder can be made");
        let path = folder.join(format!("answers-{}.tsv", oracle.version()));
        let text = std::fs::read_to_string(&path).unwrap_or_default();
        let known = text.lines().filter_map(|row| {
            let (key, verdict) = row.split_once('\t')?;
            Some((u64::from_str_radix(key, 16).ok()?, oracle::read_verdict(verdict)?))
        });
        let known = known.collect();
        let file = std::fs::OpenOptions::new().create(true).append(true).open(path).expect("it can be written");
        Self { known, file }
    }

    /// The answers to some configurations.
    pub(crate) fn of(&mut self, oracle: &Oracle, cases: &[Case]) -> Vec<Verdict> {
        let keys: Vec<u64> = cases.iter().map(key).collect();
        let new: Vec<(u64, &Case)> =
            keys.iter().copied().zip(cases).filter(|(key, _)| !self.known.contains_key(key)).collect();
        let asked: Vec<&Case> = new.iter().map(|(_, case)| *case).collect();
        for ((key, _), verdict) in new.iter().zip(oracle.ask(&asked)) {
            writeln!(self.file, "{key:x}\t{}", oracle::write_verdict(&verdict)).expect("it can be written");
            self.known.insert(*key, verdict);
        }
        keys.iter().map(|key| self.known[key].clone()).collect()
    }
}

/// What an answer depends on.
fn key(case: &Case) -> u64 {
    let mut key = DefaultHasher::new();
    (&case.files, &case.defines, oracle::prologue(case)).hash(&mut key);
    key.finish()
}
