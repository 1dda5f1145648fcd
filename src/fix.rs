//! Carries repairs out, in memory: whoever asks decides what becomes of the new texts. A repair is kept only where the compiler,
//! asked again, no longer finds what it was for and finds nothing that it did not find before.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use crate::compiler::diagnostic::{Code, Diagnostic, Edit, Repair};
use crate::compiler::source::{Files, Overlay, ReadError, Sources};
use crate::compiler::{Compiled, Options, compile};

/// A repair may show what can be repaired next; so often it is tried again.
const MOST_ROUNDS: usize = 10;

/// So many repairs are tried one by one where they do not get on together.
const MOST_SINGLE: usize = 200;

/// What came of it.
pub struct Fixed {
    /// What is found after it.
    pub compiled: Compiled,
    /// The files that changed.
    pub changed: Vec<Changed>,
    /// How many findings were put right.
    pub repaired: usize,
}

/// A file that changed.
pub struct Changed {
    /// The file, links followed.
    pub path: PathBuf,
    /// As it was.
    pub before: Vec<u8>,
    /// As it is to be.
    pub after: Vec<u8>,
}

/// Puts right what can be put right with certainty, of the findings that are wanted.
///
/// # Errors
/// When the main file cannot be read.
pub fn fix(
    files: &dyn Files,
    file: &Path,
    options: &Options,
    wanted: impl Fn(&Code) -> bool,
) -> Result<Fixed, ReadError> {
    let mut state = State { files, file, options, compiled: compile(files, file, options)?, texts: BTreeMap::new() };
    let mut repaired = 0;
    for _ in 0..MOST_ROUNDS {
        let repairs = state.repairs(&wanted);
        let done = state.carry_out(&repairs)?;
        repaired += done;
        if done == 0 {
            break;
        }
    }
    let changed = state.texts.into_iter().filter_map(|(path, after)| {
        let before = files.read(&path).ok()?;
        (before != after).then_some(Changed { path, before, after })
    });
    Ok(Fixed { compiled: state.compiled, changed: changed.collect(), repaired })
}

/// What was repaired so far.
struct State<'a> {
    files: &'a dyn Files,
    file: &'a Path,
    options: &'a Options,
    compiled: Compiled,
    /// The new texts, by the identity of the file.
    texts: BTreeMap<PathBuf, Vec<u8>>,
}

/// The edits of one repair by file, each with its range of bytes.
type Plan = Vec<(PathBuf, Vec<Edit>)>;

impl State<'_> {
    /// The repairs that are offered, each once: a file that is included twice offers each twice.
    fn repairs(&self, wanted: impl Fn(&Code) -> bool) -> Vec<Plan> {
        let found = self.compiled.report.iter().filter(|found| wanted(found.code));
        let mut plans: Vec<Plan> = Vec::new();
        for plan in found.filter_map(|found| self.plan(found.repair.as_ref()?)) {
            if !plans.iter().any(|other| overlap(other, &plan)) {
                plans.push(plan);
            }
        }
        plans
    }

    /// `None` where a text is not that of a file, byte for byte.
    fn plan(&self, repair: &Repair) -> Option<Plan> {
        let mut plan: Plan = Vec::new();
        for edit in &repair.edits {
            let source = self.compiled.sources.get(edit.span.source);
            let path = self.files.identity(&source.path);
            if self.text(&path)? != source.text.as_bytes() {
                return None;
            }
            match plan.iter_mut().find(|(other, _)| *other == path) {
                Some((_, edits)) => edits.push(edit.clone()),
                None => plan.push((path, vec![edit.clone()])),
            }
        }
        Some(plan)
    }

    fn text(&self, path: &Path) -> Option<Vec<u8>> {
        self.texts.get(path).cloned().or_else(|| self.files.read(path).ok())
    }

    /// All at once, or where that brings something new one by one. Says how many were carried out.
    fn carry_out(&mut self, plans: &[Plan]) -> Result<usize, ReadError> {
        if plans.is_empty() || self.try_all(plans)? {
            return Ok(plans.len());
        }
        // From the end: what stands before a change stays where it is, and what reaches behind one waits for the next round.
        let mut single: Vec<_> = plans.iter().take(MOST_SINGLE).collect();
        single.sort_by_key(|plan| std::cmp::Reverse(first_place(plan)));
        let mut done: Vec<&Plan> = Vec::new();
        for plan in single {
            if done.iter().all(|other| stands_before(plan, other)) && self.try_all(std::slice::from_ref(plan))? {
                done.push(plan);
            }
        }
        Ok(done.len())
    }

    fn try_all(&mut self, plans: &[Plan]) -> Result<bool, ReadError> {
        let mut edits: BTreeMap<&Path, Vec<&Edit>> = BTreeMap::new();
        for (path, of_file) in plans.iter().flatten() {
            edits.entry(path).or_default().extend(of_file);
        }
        let mut texts = self.texts.clone();
        for (path, edits) in edits {
            let Some(text) = self.text(path) else { return Ok(false) };
            texts.insert(path.to_owned(), edited(&text, edits));
        }
        let mut overlay = Overlay::new(self.files);
        for (path, text) in &texts {
            overlay.put(path, text.clone());
        }
        let compiled = compile(&overlay, self.file, self.options)?;
        let better = is_better(&self.compiled, &compiled, plans.len());
        if better {
            (self.texts, self.compiled) = (texts, compiled);
        }
        Ok(better)
    }
}

fn first_place(plan: &Plan) -> Option<(PathBuf, u32)> {
    plan.iter().flat_map(|(path, edits)| edits.iter().map(move |edit| (path.clone(), edit.span.start))).min()
}

fn stands_before(one: &Plan, other: &Plan) -> bool {
    one.iter().all(|(path, edits)| {
        let first = other.iter().filter(|(other, _)| other == path).flat_map(|(_, edits)| edits);
        let first = first.map(|edit| edit.span.start).min();
        edits.iter().all(|edit| first.is_none_or(|first| edit.span.end <= first))
    })
}

fn overlap(one: &Plan, other: &Plan) -> bool {
    let meets =
        |a: &Edit, b: &Edit| a.span.start < b.span.end && b.span.start < a.span.end || a.span.start == b.span.start;
    one.iter().any(|(path, edits)| {
        let there = other.iter().filter(|(other, _)| other == path).flat_map(|(_, edits)| edits);
        there.into_iter().any(|b| edits.iter().any(|a| meets(a, b)))
    })
}

fn edited(text: &[u8], mut edits: Vec<&Edit>) -> Vec<u8> {
    edits.sort_by_key(|edit| (edit.span.start, edit.span.end));
    let mut result = Vec::with_capacity(text.len());
    let mut done = 0;
    for edit in edits {
        result.extend_from_slice(&text[done..edit.span.start as usize]);
        result.extend_from_slice(edit.text.as_bytes());
        done = edit.span.end as usize;
    }
    result.extend_from_slice(&text[done..]);
    result
}

/// Whether so many findings are gone, and none is there that was not there before, wherever its line is now.
fn is_better(before: &Compiled, after: &Compiled, repaired: usize) -> bool {
    let (before, after) = (counted(before), counted(after));
    let nothing_new = after.iter().all(|(key, count)| before.get(key).is_some_and(|known| count <= known));
    let total = |counts: &HashMap<Key, usize>| counts.values().sum::<usize>();
    nothing_new && total(&after) + repaired <= total(&before)
}

/// What stays of a finding when lines move.
type Key = (PathBuf, &'static str, String, String);

fn counted(compiled: &Compiled) -> HashMap<Key, usize> {
    let key = |found: &Diagnostic, sources: &Sources| {
        let path = sources.get(found.span().source).path.clone();
        (path, found.code.name, found.message.clone(), found.labels[0].text.clone())
    };
    let mut counts = HashMap::new();
    for found in compiled.report.iter() {
        *counts.entry(key(found, &compiled.sources)).or_default() += 1;
    }
    counts
}
