//! What the codes in Apache's error log stand for, and which findings tell of them before.

use std::fmt::Write as _;

use crate::compiler::diagnostic::Code;

/// One code of the error log.
pub struct LogCode {
    /// `WSGI0151`, `AH00526`.
    pub code: &'static str,
    /// At which level it is logged.
    pub level: &'static str,
    /// What is logged; `…` stands for names and numbers.
    pub message: &'static str,
    /// When that happens.
    pub when: &'static str,
    /// What comes of it.
    pub then: &'static str,
    /// What to do about it.
    pub remedy: &'static str,
}

/// Every code that is known, by its name.
pub fn all() -> impl Iterator<Item = LogCode> {
    include_str!("log_codes.tsv").lines().skip(1).map(|line| {
        let mut columns = line.split('\t');
        let mut next = || columns.next().unwrap_or_default();
        LogCode { code: next(), level: next(), message: next(), when: next(), then: next(), remedy: next() }
    })
}

/// The page of a code, whatever its case.
pub(super) fn page(name: &str, codes: &[&Code]) -> Option<String> {
    let log_code = all().find(|log_code| log_code.code.eq_ignore_ascii_case(name))?;
    let LogCode { code, level, message, when, then, remedy } = log_code;
    let who = if code.starts_with("WSGI") { "mod_wsgi" } else { "Apache" };
    let mut page = format!("{code} ({who}, level {level})\n\n    {message}\n\n");
    if who == "mod_wsgi" {
        page.push_str("Versions of mod_wsgi before 6 log it without the code, and partly in other words.\n\n");
    }
    page.extend(["When:     ", when, "\nThen:     ", then, "\nTo do:    ", remedy, "\n"]);
    let finding: Vec<&&Code> = codes.iter().filter(|finding| finding.predicts.contains(&code)).collect();
    match finding.as_slice() {
        [] => page.push_str("\nNo finding tells of it before: it comes of what the configuration does not show.\n"),
        findings => {
            page.push_str("\nFindings that tell of it before:\n");
            let width = findings.iter().map(|finding| finding.name.len()).max().unwrap_or_default();
            for finding in findings {
                let _ = writeln!(page, "  {:width$}  {}", finding.name, finding.summary);
            }
        }
    }
    Some(page)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_code_is_there_once_in_order_and_whole() {
        let codes: Vec<&str> = all().map(|log_code| log_code.code).collect();
        assert!(codes.is_sorted() && codes.windows(2).all(|two| two[0] != two[1]), "the table is not in order");
        for log_code in all() {
            let LogCode { code, level, message, when, then, remedy } = log_code;
            for column in [level, message, when, then, remedy] {
                assert!(!column.is_empty(), "{code} has an empty column");
            }
        }
    }

    #[test]
    fn a_page_names_the_findings_that_tell_of_the_code_before() {
        let codes = crate::compiler::explain::codes();
        let page = page("wsgi0151", &codes).expect("the code is known");
        assert!(page.contains("No WSGI daemon process called") && page.contains("unknown-process-group"), "{page}");
    }

    #[test]
    fn every_code_that_a_finding_predicts_is_in_the_table() {
        let known: BTreeSet<&str> = all().map(|log_code| log_code.code).collect();
        for finding in crate::compiler::explain::codes() {
            for code in finding.predicts {
                assert!(known.contains(code), "{} predicts {code}, which the table does not have", finding.name);
            }
        }
    }
}
