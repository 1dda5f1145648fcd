//! Carries out what Apache does while it reads: `Include`, `Define`, `${NAME}`, conditionals, macros,
//! `LoadModule`, `ServerRoot`.
//! What is left is the tree that counts. A line that expansion cannot use stays in it, for `lower` to say why.

mod conditions;
mod include;
mod lines;
mod macros;
mod modules;
mod off;
mod skip;
mod variables;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};

use super::diagnostic::{Code, Report, Severity};
use super::source::{Files, Mapped, ReadError, SourceId, Sources, Span, Spanned, Text};
use super::syntax::{self, Around, Directive, Node, Statement, Tree};
use lines::Lines;
use macros::Macros;

pub use modules::{LoadedModule, Modules, VERSION};
pub use off::{Decided, Off, Turned};
pub use variables::is_of_envvars;

/// What the world looks like to a configuration.
#[derive(Clone)]
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
    /// Only the modules that are loaded are there.
    pub strict_modules: bool,
    /// The files of the server are not here.
    pub no_files: bool,
    /// What `<IfVersion>` compares with.
    pub version: [u32; 3],
    /// The source files of the modules that have a directive or, with `<`, a section of this name.
    pub modules_of: &'a dyn Fn(&str) -> Option<&'static str>,
}

/// The directives that change what is read after them.
const CARRIED_OUT: [&str; 10] = [
    "Define",
    "UnDefine",
    "Include",
    "IncludeOptional",
    "Use",
    "UndefMacro",
    "MacroIgnoreBadNesting",
    "MacroIgnoreEmptyArgs",
    "LoadModule",
    "ServerRoot",
];

/// The state of reading, which every line may change for the lines after it.
pub struct Expander<'a> {
    surroundings: Surroundings<'a>,
    sources: &'a mut Sources,
    report: &'a mut Report,
    flags: BTreeSet<String>,
    /// By name in lower case: the values of `Define` do not care.
    values: BTreeMap<String, String>,
    modules: Modules,
    server_root: Spanned<PathBuf>,
    /// Sections that are open around the current line, through all files.
    depth: usize,
    /// The files that are being read, the outermost first, each with the `Include` that brought it.
    reading: Vec<(PathBuf, Option<Span>)>,
    bytes: usize,
    files_read: usize,
    /// Of what was read before.
    bytes_again: usize,
    lines_again: usize,
    /// The texts of the included files, by their identity.
    texts: HashMap<PathBuf, Read>,
    full: bool,
    /// Undefined variables that were named already.
    said: BTreeSet<String>,
    macros: Macros,
    /// `MacroIgnoreBadNesting` was read.
    macros_may_be_unbalanced: bool,
    /// `MacroIgnoreEmptyArgs` was read.
    macros_may_be_given_nothing: bool,
    decided: Decided,
    /// Of a second reading: the conditions that were off in the first.
    off: Option<&'a Off>,
    /// Of another reading: the conditions that are decided the other way.
    turned: Option<&'a Turned>,
}

impl<'a> Expander<'a> {
    /// A reader at the start of a configuration.
    pub fn new(surroundings: Surroundings<'a>, sources: &'a mut Sources, report: &'a mut Report) -> Self {
        let nowhere = sources.add(Path::new("defaults"), Text::default(), None);
        let server_root = Spanned::new(surroundings.server_root.clone(), Span { source: nowhere, start: 0, end: 0 });
        Self {
            flags: surroundings.defines.iter().cloned().collect(),
            values: BTreeMap::new(),
            modules: Modules::new(surroundings.own_runtime, surroundings.strict_modules),
            server_root,
            depth: 0,
            reading: Vec::new(),
            bytes: 0,
            files_read: 0,
            bytes_again: 0,
            lines_again: 0,
            texts: HashMap::new(),
            full: false,
            said: BTreeSet::new(),
            macros: Macros::default(),
            macros_may_be_unbalanced: false,
            macros_may_be_given_nothing: false,
            decided: Decided::default(),
            off: None,
            turned: None,
            surroundings,
            sources,
            report,
        }
    }

    /// A reader for a second time, to which no module and no name is missing: what was off is on.
    pub fn again(
        surroundings: Surroundings<'a>,
        off: &'a Off,
        sources: &'a mut Sources,
        report: &'a mut Report,
    ) -> Self {
        let modules = Modules::of_any_kind(surroundings.own_runtime);
        Self { off: Some(off), modules, ..Self::new(surroundings, sources, report) }
    }

    /// A reader that decides some conditions the other way.
    pub fn turned(
        surroundings: Surroundings<'a>,
        turned: &'a Turned,
        sources: &'a mut Sources,
        report: &'a mut Report,
    ) -> Self {
        Self { turned: Some(turned), ..Self::new(surroundings, sources, report) }
    }

    /// Reads the main file.
    ///
    /// # Errors
    /// When it cannot be read: then there is nothing to check.
    pub fn main_file(&mut self, path: &Path) -> Result<(Vec<Node>, SourceId), ReadError> {
        let fail = |reason| ReadError { path: path.to_owned(), reason };
        let bytes = self.surroundings.files.read(path).map_err(fail)?;
        self.bytes += bytes.len();
        let source = self.add_text(path, &Read::new(bytes), None);
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

    /// What became of the conditions.
    pub fn decided(&mut self) -> Decided {
        std::mem::take(&mut self.decided)
    }

    /// The modules after everything was read.
    pub fn modules(&self) -> &Modules {
        &self.modules
    }

    /// The configuration says itself where it lives or what runs it: it is no part of a larger one.
    pub fn stands_alone(&self) -> bool {
        self.modules.are_of_a_whole_server() || self.server_root.span.end > 0
    }

    fn source(&mut self, source: SourceId) -> Vec<Node> {
        let mut lines = Lines::of(syntax::Lines::of(source, &self.sources.get(source).text));
        let mut tree = Tree::inside(self.depth);
        while let Some(line) = lines.next(self.report) {
            self.line(line, &mut lines, &mut tree);
        }
        if let Some(lost) = lines.lost.take() {
            let mut found =
                LAST_LINE_LOST.at(lost.whole(), "Apache does not read it").help("end the file with a line end");
            if let Some(open) = tree.innermost().filter(|_| lost.text().trim_start().starts_with("</")) {
                found = found.and(open, "so this stays open").graded(Severity::Error);
            }
            self.report.push(found);
            // What it means is looked at all the same.
            self.line(lost, &mut lines, &mut tree);
        }
        tree.finish(self.report)
    }

    fn line(&mut self, line: Mapped, lines: &mut Lines, tree: &mut Tree) {
        match self.statement(line) {
            Some(Statement::Directive(directive)) => self.directive(directive, lines, tree),
            Some(Statement::Opening(opening)) => self.opening(opening, lines, tree),
            Some(Statement::Closing { name, closed, tail }) => tree.close(&name, closed, &tail, self.report),
            None => {}
        }
    }

    fn directive(&mut self, directive: Directive, lines: &mut Lines, tree: &mut Tree) {
        let name = CARRIED_OUT.iter().find(|name| directive.is(name));
        let used = match name.copied().unwrap_or_default() {
            "Define" => self.define(&directive),
            "UnDefine" => self.undefine(&directive),
            "Include" => self.include(&directive, tree),
            "IncludeOptional" => self.include_optional(&directive, tree),
            "Use" => self.use_macro(&directive, lines),
            "UndefMacro" => self.undefine_macro(&directive),
            "MacroIgnoreBadNesting" => {
                self.macros_may_be_unbalanced = true;
                false
            }
            "MacroIgnoreEmptyArgs" => {
                self.macros_may_be_given_nothing = true;
                false
            }
            "LoadModule" => self.load_module(&directive),
            "ServerRoot" => self.set_server_root(&directive),
            _ => false,
        };
        if !used && self.counts(&directive) {
            tree.directive(directive);
        }
    }

    /// A second reading is there for the lines of conditions that are off, and forgets the others.
    fn counts(&self, directive: &Directive) -> bool {
        self.off.is_none_or(|off| off.around(directive.span(), self.sources).is_some())
    }

    fn opening(&mut self, mut opening: Directive, lines: &mut Lines, tree: &mut Tree) {
        syntax::cut_at_bracket(&mut opening, self.report);
        if opening.is("Macro") {
            self.define_macro(&opening, lines);
            return;
        }
        match self.condition(&opening) {
            Some(false) => {
                if let Some(closing) = self.skip(&opening, lines) {
                    self.decided.closed(opening.span(), closing);
                }
            }
            Some(true) => tree.open(opening, Around::Gone, self.report),
            None => tree.open(opening, Around::Kept, self.report),
        }
    }

    fn load_module(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [name, file] = words else { return false };
        self.modules.load(&name.text, file.spanned());
        // The line stays in the tree, for the checks.
        false
    }

    fn set_server_root(&mut self, directive: &Directive) -> bool {
        let words = directive.words();
        let [root] = words else { return false };
        syntax::report_unclosed_quotes(words, self.report);
        self.server_root = Spanned::new(PathBuf::from(root.text.as_str()), root.span);
        true
    }

    /// Keeps a text. That it is no UTF-8 is said.
    fn add_text(&mut self, path: &Path, read: &Read, at: Option<Span>) -> SourceId {
        let source = self.sources.add(path, read.text.clone(), at);
        if let Some(start) = read.broken {
            let span = Span { source, start, end: start + '\u{FFFD}'.len_utf8() as u32 };
            self.report.push(NOT_UTF8.at(span, "the first such byte").help("save the file as UTF-8"));
        }
        source
    }
}

/// The text of a file.
#[derive(Clone)]
struct Read {
    /// What is no UTF-8 is a replacement character in it.
    text: Text,
    /// Where the first of these stands.
    broken: Option<u32>,
}

impl Read {
    fn new(bytes: Vec<u8>) -> Self {
        match String::from_utf8(bytes) {
            Ok(text) => Self { text: text.into(), broken: None },
            Err(error) => {
                let at = error.utf8_error().valid_up_to();
                Self { text: String::from_utf8_lossy(error.as_bytes()).into_owned().into(), broken: Some(at as u32) }
            }
        }
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
    &UNKNOWN_MACRO,
    &MACRO_ARGUMENT_COUNT,
    &RECURSIVE_MACRO,
    &MALFORMED_MACRO,
    &MACRO_REDEFINED,
    &CONFUSING_MACRO_PARAMETER,
    &UNUSED_MACRO_PARAMETER,
    &EMPTY_MACRO_ARGUMENT,
    &UNBALANCED_MACRO,
    &LAST_LINE_LOST,
    &NOT_UTF8,
];

static UNDEFINED_VARIABLE: Code = Code::warning(
    "undefined-variable",
    "a variable is used that nothing defines, and stays in the text as it is",
    include_str!("expand/undefined_variable.md"),
)
.predicts(&["AH00111"]);

static DOLLAR_INSTEAD_OF_PERCENT: Code = Code::warning(
    "dollar-instead-of-percent",
    "`${…}` stands where mod_wsgi knows `%{…}`",
    include_str!("expand/dollar_instead_of_percent.md"),
)
.predicts(&["AH00111", "WSGI0151"]);

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
)
.of_a_line();

static INVALID_VERSION: Code = Code::error(
    "invalid-version",
    "`<IfVersion>` cannot read its condition",
    include_str!("expand/invalid_version.md"),
)
.of_a_line();

static CONDITION_NEVER_TRUE: Code = Code::warning(
    "condition-never-true",
    "a condition can never be true",
    include_str!("expand/condition_never_true.md"),
)
.of_a_line();

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

static UNKNOWN_MACRO: Code =
    Code::error("unknown-macro", "a macro is used that is not defined here", include_str!("expand/unknown_macro.md"));

static MACRO_ARGUMENT_COUNT: Code = Code::error(
    "macro-argument-count",
    "a macro is used with too few or too many arguments",
    include_str!("expand/macro_argument_count.md"),
);

static RECURSIVE_MACRO: Code =
    Code::error("recursive-macro", "a macro uses itself", include_str!("expand/recursive_macro.md"));

static MALFORMED_MACRO: Code = Code::error(
    "malformed-macro",
    "the opening line of a macro cannot be read",
    include_str!("expand/malformed_macro.md"),
);

static MACRO_REDEFINED: Code = Code::warning(
    "macro-redefined",
    "a macro is defined twice, and the later one counts from there on",
    include_str!("expand/macro_redefined.md"),
)
.predicts(&["AH02802"]);

static CONFUSING_MACRO_PARAMETER: Code = Code::warning(
    "confusing-macro-parameter",
    "the name of a macro's parameter is also found where it is not meant",
    include_str!("expand/confusing_macro_parameter.md"),
)
.predicts(&["AH02796", "AH02797"]);

static UNUSED_MACRO_PARAMETER: Code = Code::warning(
    "unused-macro-parameter",
    "a macro never uses one of its parameters",
    include_str!("expand/unused_macro_parameter.md"),
)
.predicts(&["AH02800"]);

static EMPTY_MACRO_ARGUMENT: Code = Code::warning(
    "empty-macro-argument",
    "a macro is used with an empty argument",
    include_str!("expand/empty_macro_argument.md"),
)
.predicts(&["AH02798"]);

static UNBALANCED_MACRO: Code = Code::warning(
    "unbalanced-macro",
    "a macro opens or closes a section of its surroundings",
    include_str!("expand/unbalanced_macro.md"),
)
.predicts(&["AH02793", "AH02795"]);

static LAST_LINE_LOST: Code = Code::warning(
    "last-line-lost",
    "no line end follows the last line of a file, and a macro is used right before it",
    include_str!("expand/last_line_lost.md"),
);

static NOT_UTF8: Code = Code::warning("not-utf8", "the file is no UTF-8 text", include_str!("expand/not_utf8.md"));
