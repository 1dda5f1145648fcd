//! Where a directive stands while it is put into the model.

use super::{INVALID_VALUE, UNSUPPORTED_VALUE};
use crate::compiler::diagnostic::{Report, Severity};
use crate::compiler::model::{Host, Judge, Section, Server, Settings};
use crate::compiler::source::Span;

/// The server, the host and the section around a directive.
pub struct Scope<'a> {
    /// The whole configuration so far. Its hosts are not in it yet.
    pub server: &'a mut Server,
    /// The host.
    pub host: &'a mut Host,
    /// Its index among the hosts.
    pub host_index: usize,
    /// The innermost section.
    pub section: Option<&'a mut Section>,
    /// Where to complain.
    pub report: &'a mut Report,
    /// Whether what our runtime does not carry is only warned about.
    pub lenient: bool,
}

impl Scope<'_> {
    /// The settings that the directive changes: its section's, else its host's.
    pub(super) fn settings(&mut self) -> &mut Settings {
        match &mut self.section {
            Some(section) => &mut section.settings,
            None => &mut self.host.settings,
        }
    }

    /// A value that cannot be read.
    pub(super) fn invalid(&mut self, span: Span, label: impl Into<String>, help: Option<String>) {
        self.report.push(INVALID_VALUE.at(span, label).maybe_help(help));
    }

    /// A value that Apache carries out and our runtime does not. Said only when our runtime is asked about.
    pub(super) fn unsupported(&mut self, span: Span, label: impl Into<String>, severity: Severity) {
        if self.server.judge == Judge::WsgiServe {
            let severity = if self.lenient { Severity::Warning } else { severity };
            self.report.push(UNSUPPORTED_VALUE.at(span, label).graded(severity));
        }
    }
}
