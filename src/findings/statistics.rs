//! How many findings there are of each kind.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::Run;
use crate::compiler::diagnostic::Code;

/// A line for each kind, the most frequent first.
pub fn text(run: &Run) -> String {
    let counted = count(run);
    let width = counted.first().map_or(0, |(count, _)| count.to_string().len());
    let line = |(count, code): &(usize, &Code)| format!("{count:width$}  {:7}  {}\n", code.severity.name(), code.name);
    counted.iter().map(line).collect()
}

/// The same as a JSON array.
pub fn json(run: &Run) -> Value {
    let object =
        |(count, code): &(usize, &Code)| json!({ "code": code.name, "severity": code.severity.name(), "count": count });
    count(run).iter().map(object).collect()
}

fn count(run: &Run) -> Vec<(usize, &'static Code)> {
    let mut counts: BTreeMap<&str, (usize, &Code)> = BTreeMap::new();
    for finding in &run.findings {
        counts.entry(finding.code.name).or_insert((0, finding.code)).0 += 1;
    }
    let mut counted: Vec<_> = counts.into_values().collect();
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    counted
}
