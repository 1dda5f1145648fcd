//! Carries out what Apache does while it reads: `Include`, `Define`, `${NAME}`, conditionals, `LoadModule`, `ServerRoot`.
//! What is left is the tree that counts. A line that expansion cannot use stays in it, for `lower` to say why.

mod conditions;
mod include;
mod modules;
mod variables;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use super::diagnostic::{Code, Report};
use super::source::{Files, ReadError, SourceId, Sources, Span, Spanned, Text};
use super::syntax::{self, Directive, Node, Section};

pub use modules::VERSION;

/// What the world looks like to a configuration.
pub struct Surroundings<'a> {
    /// Where files are read.
    pub files: &'a dyn Files,
    /// `-D`.
    pub defines: &'a [String],
    /// Variables of the process.
    pub environment: &'a BTreeMap<String, String>,
    /// `ServerRoot` before the file sets it.
    pub server_root: PathBuf,
    /// Whether `wsgi_httpd_module` is there: it is in our own runtime only.
    pub own_runtime: bool,
    /// Whether a directive or, with `<`, a section of this name exists.
    pub is_known: fn(&str) -> bool,
}

/// One `LoadModule`.
#[derive(Debug, Clone)]
pub struct LoadedModule {
    /// The name of the module.
    pub name: String,
    /// Its file.
    pub file: Spanned<String>,
}

/// The state of reading, which every line may change for the lines after it.
pub struct Expander<'a> {
    surroundings: Surroundings<'a>,
    sources: &'a mut Sources,
    report: &'a mut Report,
    flags: BTreeSet<String>,
    /// By name in lower case: the values of `Define` do not care.
    values: BTreeMap<String, String>,
    modules: BTreeSet<String>,
    server_root: Spanned<PathBuf>,
    /// Sections that are open around the current line, through all files.
    depth: usize,
    /// The files that are being read, the outermost first, each with the `Include` that brought it.
    reading: Vec<(PathBuf, Option<Span>)>,
    bytes: usize,
    files_read: usize,
    full: bool,
    /// Undefined variables that were named already.
    said: BTreeSet<String>,
    loaded: Vec<String>,
    module_files: Vec<LoadedModule>,
}

impl<'a> Expander<'a> {
    /// A reader at the start of a configuration.
    pub fn new(surroundings: Surroundings<'a>, sources: &'a mut Sources, report: &'a mut Report) -> Self {
        let nowhere = sources.add(Path::new("defaults"), Text::default(), None);
        let server_root = Spanned::new(surroundings.server_root.clone(), Span { source: nowhere, start: 0, end: 0 });
        Self {
            flags: surroundings.defines.iter().cloned().collect(),
            values: BTreeMap::new(),
            modules: modules::built_in(surroundings.own_runtime),
            server_root,
            depth: 0,
            reading: Vec::new(),
            bytes: 0,
            files_read: 0,
            full: false,
            said: BTreeSet::new(),
            loaded: Vec::new(),
            module_files: Vec::new(),
            surroundings,
            sources,
            report,
        }
    }

    /// Reads the main file.
    ///
    /// # Errors
    /// When it cannot be read: then there is nothing to check.
    pub fn main_file(&mut self, path: &Path) -> Result<(Vec<Node>, SourceId), ReadError> {
        let fail = |reason| ReadError { path: path.to_owned(), reason };
        let bytes = self.surroundings.files.read(path).map_err(fail)?;
        self.bytes += bytes.len();
        let source = self.add_text(path, bytes, None);
        self.reading.push((self.surroundings.files.identity(path), None));
        let nodes = self.source(source);
        self.reading.pop();
        Ok((nodes, source))
    }

    /// Reads lines of the command line, `-C` or `-c`.
    pub fn command_line(&mut self, lines: &[String]) -> Vec<Node> {
        if lines.is_empty() {
            return Vec::new();
        }
        let text = lines.join("\n");
        let source = self.sources.add(Path::new("-C/-c directives"), text.into(), None);
        self.source(source)
    }

    /// `ServerRoot` after everything was read.
    pub fn server_root(&self) -> &Spanned<PathBuf> {
        &self.server_root
    }

    /// The names of the modules that `LoadModule` added.
    pub fn loaded(&self) -> &[String] {
        &self.loaded
    }

    /// What `LoadModule` added, with the files.
    pub fn module_files(&self) -> &[LoadedModule] {
        &self.module_files
    }

    /// The configuration says itself where it lives or what it loads: it is no part of a larger one.
    pub fn stands_alone(&self) -> bool {
        !self.loaded.is_empty() || self.server_root.span.end > 0
    }

    fn source(&mut self, source: SourceId) -> Vec<Node> {
        let text = self.sources.get(source).text.clone();
        let file = syntax::parse(source, &text, self.report);
        self.nodes(file.nodes)
    }

    fn nodes(&mut self, nodes: Vec<Node>) -> Vec<Node> {
        let mut expanded = Vec::with_capacity(nodes.len());
        for node in nodes {
            match node {
                Node::Directive(directive) => self.directive(directive, &mut expanded),
                Node::Section(section) => self.section(section, &mut expanded),
            }
        }
        expanded
    }

    fn directive(&mut self, written: Directive, expanded: &mut Vec<Node>) {
        let Some(directive) = self.substitute_directive(written) else { return };
        let used = match directive.name.text.to_ascii_lowercase().as_str() {
            "define" => self.define(&directive),
            "undefine" => self.undefine(&directive),
            "include" => self.include(&directive, expanded),
            "includeoptional" => self.include_optional(&directive, expanded),
            "loadmodule" => self.load_module(&directive),
            "serverroot" => self.set_server_root(&directive),
            _ => false,
        };
        if !used {
            expanded.push(Node::Directive(directive));
        }
    }

    fn section(&mut self, section: Section, expanded: &mut Vec<Node>) {
        let Section { opening, nodes, closed } = section;
        let Some(opening) = self.substitute_opening(opening) else { return };
        if opening.is("Macro") {
            // Its lines mean nothing before `Use` gives values to its parameters.
            expanded.push(Node::Section(Section { opening, nodes: Vec::new(), closed }));
            return;
        }
        match self.condition(&opening) {
            Some(false) => return,
            None if self.depth < syntax::DEEPEST => {}
            None | Some(true) => {
                let nodes = self.nodes(nodes);
                expanded.extend(nodes);
                return;
            }
        }
        self.depth += 1;
        if self.depth == syntax::DEEPEST {
            let found = syntax::NESTING_TOO_DEEP.at(opening.span(), "too deep, counted through all files");
            self.report.push(found);
        }
        let nodes = self.nodes(nodes);
        self.depth -= 1;
        expanded.push(Node::Section(Section { opening, nodes, closed }));
    }

    fn load_module(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [name, file] = words.as_slice() else { return false };
        modules::load(&mut self.modules, &name.text);
        self.module_files.push(LoadedModule { name: name.text.to_string(), file: file.spanned() });
        self.loaded.push(name.text.to_string());
        true
    }

    fn set_server_root(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [root] = words.as_slice() else { return false };
        syntax::report_unclosed_quotes(&words, self.report);
        self.server_root = Spanned::new(PathBuf::from(root.text.as_str()), root.span);
        true
    }

    /// Keeps a text. What is no UTF-8 is kept as replacement characters, and said.
    fn add_text(&mut self, path: &Path, bytes: Vec<u8>, at: Option<Span>) -> SourceId {
        let (text, broken) = match String::from_utf8(bytes) {
            Ok(text) => (text, None),
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                (String::from_utf8_lossy(error.as_bytes()).into_owned(), Some(at as u32))
            }
        };
        let source = self.sources.add(path, text.into(), at);
        if let Some(start) = broken {
            let span = Span { source, start, end: start + '\u{FFFD}'.len_utf8() as u32 };
            self.report.push(NOT_UTF8.at(span, "the first such byte").help("save the file as UTF-8"));
        }
        source
    }
}

/// Every kind of finding of this stage.
pub const CODES: &[&Code] = &[
    &UNDEFINED_VARIABLE,
    &DOLLAR_INSTEAD_OF_PERCENT,
    &VARIABLE_MAKES_NO_DIRECTIVE,
    &COLON_IN_VARIABLE_NAME,
    &MISSING_CONDITION,
    &INVALID_VERSION,
    &CONDITION_NEVER_TRUE,
    &IGNORED_WORDS,
    &INCLUDE_NOT_FOUND,
    &INCLUDE_UNREADABLE,
    &INCLUDE_CYCLE,
    &INCLUDE_TOO_DEEP,
    &TOO_MUCH_INCLUDED,
    &NOT_UTF8,
];

static UNDEFINED_VARIABLE: Code = Code::warning(
    "undefined-variable",
    "a variable is used that nothing defines, and stays in the text as it is",
    include_str!("expand/undefined_variable.md"),
);

static DOLLAR_INSTEAD_OF_PERCENT: Code = Code::error(
    "dollar-instead-of-percent",
    "`${…}` stands where mod_wsgi knows `%{…}`",
    include_str!("expand/dollar_instead_of_percent.md"),
);

static VARIABLE_MAKES_NO_DIRECTIVE: Code = Code::error(
    "variable-makes-no-directive",
    "a line is no directive any more once its variables have their values",
    include_str!("expand/variable_makes_no_directive.md"),
);

static COLON_IN_VARIABLE_NAME: Code = Code::error(
    "colon-in-variable-name",
    "the name of a variable holds a colon",
    include_str!("expand/colon_in_variable_name.md"),
);

static MISSING_CONDITION: Code = Code::error(
    "missing-condition",
    "a conditional section has no condition",
    include_str!("expand/missing_condition.md"),
);

static INVALID_VERSION: Code = Code::error(
    "invalid-version",
    "`<IfVersion>` cannot read its condition",
    include_str!("expand/invalid_version.md"),
);

static CONDITION_NEVER_TRUE: Code = Code::warning(
    "condition-never-true",
    "a condition can never be true",
    include_str!("expand/condition_never_true.md"),
);

pub(crate) static IGNORED_WORDS: Code =
    Code::warning("ignored-words", "words at the end of a line are ignored", include_str!("expand/ignored_words.md"));

static INCLUDE_NOT_FOUND: Code =
    Code::error("include-not-found", "`Include` finds no file", include_str!("expand/include_not_found.md"));

static INCLUDE_UNREADABLE: Code =
    Code::error("include-unreadable", "an included file cannot be read", include_str!("expand/include_unreadable.md"));

static INCLUDE_CYCLE: Code =
    Code::error("include-cycle", "a file includes itself", include_str!("expand/include_cycle.md"));

static INCLUDE_TOO_DEEP: Code = Code::error(
    "include-too-deep",
    "files include one another more than 128 deep",
    include_str!("expand/include_too_deep.md"),
);

static TOO_MUCH_INCLUDED: Code = Code::error(
    "too-much-included",
    "more is included than a configuration can be",
    include_str!("expand/too_much_included.md"),
);

static NOT_UTF8: Code = Code::warning("not-utf8", "the file is no UTF-8 text", include_str!("expand/not_utf8.md"));
