//! The table of directives. An entry that acts is a [`Spec`], declared once, in the file of its family; every other directive
//! of Apache and mod_wsgi is [`Known`] by name.

mod access;
mod args;
mod authentication;
mod core;
mod expression;
mod files;
mod kind;
mod known;
mod languages;
mod log;
mod options;
mod pattern;
mod quantities;
mod scope;
mod sections;
mod since;
mod values;
mod wsgi;
mod wsgi_daemon;
mod wsgi_interpreter;
mod wsgi_python;
mod wsgi_request;
mod wsgi_scripts;
mod wsgi_telemetry;
mod wsgi_without_use;

use std::collections::HashMap;
use std::sync::LazyLock;

use super::diagnostic::Code;

pub use access::{METHODS, PROVIDERS};
pub(crate) use access::{read_peer, read_requirement};
pub use args::Args;
pub use expression::{Mistake, check as check_expression, check_of_tls};
pub use kind::{Kind, Wrong, choice};
pub use known::{ArgsRule, Known, Unsupported, removed, stranger};
pub(crate) use log::parse_format;
pub use options::{OptionText, option_text};
pub(crate) use pattern::read_regex;
pub use scope::Scope;
pub use sections::SectionKind;
pub use since::{Target, Version};
pub(crate) use values::{check_values, least_words};
pub(crate) use wsgi_interpreter::{in_interpreter_options, interpreter_options};

/// A directive that acts.
pub struct Spec {
    /// Its name as Apache spells it, `<Directory` for a section.
    pub name: &'static str,
    /// What it does, in one line.
    pub summary: &'static str,
    /// Where it may stand.
    pub contexts: &'static [Context],
    /// The words after its name.
    pub args: &'static [Arg],
    /// The `name=value` words after them.
    pub options: &'static [Arg],
    /// What holds without it.
    pub default: Option<&'static str>,
    /// A line that uses it. It parses, lowers and checks without a word.
    pub example: &'static str,
    /// A page about it; empty where Apache's manual says it all.
    pub explain: &'static str,
    /// What it does to the model.
    pub effect: Effect,
}

impl Spec {
    /// What an entry takes over for the fields that it leaves out.
    const BASE: Self = Self {
        name: "",
        summary: "",
        contexts: &[Context::ServerConfig],
        args: &[],
        options: &[],
        default: None,
        example: "",
        explain: "",
        effect: Effect::Expand,
    };
}

/// Where a directive may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Context {
    /// Outside of all sections.
    ServerConfig,
    /// In a `<VirtualHost>`.
    VirtualHost,
    /// In a `<Directory>`, `<Location>`, `<Files>` and their like.
    Directory,
    /// In a `.htaccess` file.
    Htaccess,
}

impl Context {
    /// As the manual calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::ServerConfig => "server config",
            Self::VirtualHost => "virtual host",
            Self::Directory => "directory",
            Self::Htaccess => ".htaccess",
        }
    }
}

/// What a directive does.
pub enum Effect {
    /// It is put into the model.
    Lower(fn(&mut Args, &mut Scope)),
    /// It opens a section.
    Open(SectionKind),
    /// It was carried out while reading.
    Expand,
    /// It is known and does nothing in our runtime, for this reason.
    Ignore(&'static str),
}

/// An argument or an option.
pub struct Arg {
    /// Its name: what stands before `=`, or what the manual calls the word.
    pub name: &'static str,
    /// What it may be.
    pub kind: Kind,
    /// How often it stands there.
    pub times: Times,
    /// For an option that means nothing without Apache: why.
    pub nothing: Option<&'static str>,
}

/// How often an argument may stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Times {
    /// Once.
    Once,
    /// Once or not at all.
    AtMostOnce,
    /// Once or more.
    Many,
    /// Any number of times.
    Any,
}

/// An argument that must be there, or an option.
const fn arg(name: &'static str, kind: Kind) -> Arg {
    Arg { name, kind, times: Times::Once, nothing: None }
}

impl Arg {
    const fn optional(mut self) -> Self {
        self.times = Times::AtMostOnce;
        self
    }

    const fn many(mut self) -> Self {
        self.times = Times::Many;
        self
    }

    const fn any(mut self) -> Self {
        self.times = Times::Any;
        self
    }
}

/// An option that is accepted, and means nothing here.
const fn ignored(name: &'static str, kind: Kind, why: &'static str) -> Arg {
    Arg { nothing: Some(why), ..arg(name, kind) }
}

/// A directive of that name.
#[derive(Clone, Copy)]
pub enum Entry {
    /// It acts.
    Acts(&'static Spec),
    /// It is known by name.
    Known(&'static Known),
}

static FAMILIES: [&[Spec]; 14] = [
    core::SPECS,
    sections::SPECS,
    files::SPECS,
    access::SPECS,
    authentication::SPECS,
    log::SPECS,
    wsgi::SPECS,
    wsgi_daemon::SPECS,
    wsgi_interpreter::SPECS,
    wsgi_scripts::SPECS,
    wsgi_without_use::SPECS,
    wsgi_python::SPECS,
    wsgi_request::SPECS,
    wsgi_telemetry::SPECS,
];

/// What is known of a name.
#[derive(Clone, Copy, Default)]
pub struct Row {
    /// The entry, if the directive acts.
    pub acting: Option<&'static Spec>,
    /// The row of the table of names.
    pub known: Option<&'static Known>,
}

impl Row {
    /// The entry that acts before the one that does not.
    pub fn entry(self) -> Option<Entry> {
        self.acting.map(Entry::Acts).or(self.known.map(Entry::Known))
    }
}

/// By name in lower case.
static INDEX: LazyLock<HashMap<Vec<u8>, Row>> = LazyLock::new(|| {
    let mut index: HashMap<Vec<u8>, Row> = HashMap::new();
    for known in known::all() {
        index.entry(known.name.to_ascii_lowercase().into()).or_default().known = Some(known);
    }
    for spec in all() {
        index.entry(spec.name.to_ascii_lowercase().into()).or_default().acting = Some(spec);
    }
    index
});

/// No name is longer.
const LONGEST_NAME: usize = 64;

/// All that is known of a name, `<Name` for a section. Case does not matter.
pub fn row(name: &str) -> Row {
    let mut lower = [0; LONGEST_NAME];
    let Some(lower) = lower.get_mut(..name.len()) else { return Row::default() };
    lower.copy_from_slice(name.as_bytes());
    lower.make_ascii_lowercase();
    INDEX.get(&*lower).copied().unwrap_or_default()
}

/// Every directive that acts.
pub fn all() -> impl Iterator<Item = &'static Spec> {
    FAMILIES.iter().flat_map(|family| family.iter())
}

/// The directive of a name, `<Name` for a section. Case does not matter.
pub fn find(name: &str) -> Option<Entry> {
    row(name).entry()
}

/// The entry of the table of names, also for a directive that acts.
pub fn find_known(name: &str) -> Option<&'static Known> {
    row(name).known
}

/// The source files of the modules that have a directive or, with `<`, a section of this name, separated by commas.
pub fn modules_of(name: &str) -> Option<&'static str> {
    find_known(name).map(|known| known.module)
}

/// The names of all directives, or of all sections, as Apache spells them.
pub fn names(sections: bool) -> impl Iterator<Item = &'static str> {
    let all = known::all().iter().map(|known| known.name).chain(all().map(|spec| spec.name));
    all.filter(move |name| name.starts_with('<') == sections)
}

/// Every kind of finding of the lowering functions.
pub const CODES: &[&Code] = &[&INVALID_VALUE, &UNFIT_VALUE, &UNSUPPORTED_VALUE, &UNKNOWN_LOG_DIRECTIVE];

pub(crate) static INVALID_VALUE: Code =
    Code::error("invalid-value", "a directive cannot read its value", include_str!("directive/invalid_value.md"))
        .predicts(&["AH00526"])
        .of_a_line();

pub(crate) static UNFIT_VALUE: Code =
    Code::error("unfit-value", "Apache takes a value that nobody can mean", include_str!("directive/unfit_value.md"))
        .of_a_line();

pub(crate) static UNSUPPORTED_VALUE: Code = Code::error(
    "unsupported-value",
    "wsgi-serve does not carry out what this value asks for",
    include_str!("directive/unsupported_value.md"),
);

pub(crate) static UNKNOWN_LOG_DIRECTIVE: Code = Code::error(
    "unknown-log-directive",
    "a log format holds a directive that Apache does not know",
    include_str!("directive/unknown_log_directive.md"),
)
.predicts(&["AH00526"])
.of_a_line();

/// Laws over the table.
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;
    use crate::compiler::model::Line;
    use crate::compiler::source::Memory;
    use crate::compiler::{Judge, Options, compile};

    #[test]
    fn names_are_unique_without_regard_to_case() {
        let mut names = BTreeSet::new();
        for spec in all() {
            assert!(names.insert(spec.name.to_ascii_lowercase()), "{} is there twice", spec.name);
        }
    }

    #[test]
    fn all_776_directives_are_known_by_name() {
        assert_eq!(known::all().len(), 727 + 49);
        assert!(known::all().iter().all(|known| find_known(known.name).is_some()));
    }

    #[test]
    fn every_line_that_checks_read_is_of_a_directive() {
        assert_eq!(known::all().iter().filter(|known| known.checked).count(), Line::CHECKED.len());
    }

    #[test]
    fn every_entry_may_stand_somewhere_and_nowhere_that_apache_refuses() {
        for spec in all() {
            assert!(!spec.contexts.is_empty(), "{} may stand nowhere", spec.name);
            let known = find_known(spec.name).unwrap_or_else(|| panic!("{} is in no table of names", spec.name));
            for context in spec.contexts {
                assert!(known.contexts.contains(context), "{} is refused in {}", spec.name, context.name());
            }
        }
    }

    #[test]
    fn every_example_compiles_without_a_word() {
        for spec in all() {
            assert!(!spec.example.is_empty(), "{} has no example", spec.name);
            let mut files = Memory::default();
            files.add("/etc/apache2/httpd.conf", spec.example);
            files.add("/etc/apache2/more.conf", "");
            let options = Options { judge: Judge::Apache, ..Options::default() };
            let compiled = compile(&files, Path::new("/etc/apache2/httpd.conf"), &options).expect("the file is there");
            assert!(compiled.report.is_clean(), "{}:\n{}", spec.name, compiled.concise());
        }
    }

    #[test]
    fn arguments_and_options_share_no_name() {
        for spec in all() {
            let mut names = BTreeSet::new();
            for arg in spec.args.iter().chain(spec.options) {
                assert!(names.insert(arg.name), "{} has two {}", spec.name, arg.name);
            }
        }
    }

    #[test]
    fn directives_of_mod_wsgi_are_explained() {
        for spec in all().filter(|spec| spec.name.starts_with("WSGI")) {
            assert!(spec.explain.len() > 100, "{} is not explained", spec.name);
        }
    }
}
