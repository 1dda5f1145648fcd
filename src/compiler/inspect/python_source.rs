//! What a Python file says of itself, by parsing it: this file alone names the parser. Nothing is ever run.
//!
//! Where a file could do more than can be read from it (`exec`, a star import), it is taken to do everything.

use std::collections::BTreeSet;
use std::ops::Range;

use ruff_python_ast::visitor::{Visitor, walk_expr, walk_stmt};
use ruff_python_ast::{Expr, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseOptions, parse_unchecked};
use ruff_text_size::{Ranged, TextRange};

use super::environment::Version;

/// The newest Python whose whole syntax the parser knows.
const NEWEST: Version = Version { major: 3, minor: 14 };

/// Names by which code reaches the names of a module as data.
const OPEN_HANDED: [&str; 7] = ["exec", "execfile", "globals", "vars", "locals", "setattr", "eval"];

/// What was read.
#[derive(Debug, Default)]
pub(super) struct PythonSource {
    /// Why it does not compile.
    pub error: Option<SyntaxError>,
    /// The names that the module may have once it is loaded.
    pub bound: BTreeSet<String>,
    /// The names that it has only when it is run as a program, with their place.
    pub only_as_program: Vec<(String, Range<usize>)>,
    /// It may have any other name too.
    pub open: bool,
    /// The keys of `os.environ` that it reads while it is loaded.
    pub environment_keys: Vec<(String, Range<usize>)>,
    /// The keys of `os.environ` that it sets.
    pub sets_environment: BTreeSet<String>,
    /// It changes `os.environ` in a way that cannot be followed.
    pub changes_environment: bool,
    /// It gives variables of `os.environ` values under names that are computed, or all at once.
    pub copies_environment: bool,
    /// What it sets `DJANGO_SETTINGS_MODULE` to.
    pub settings_module: Option<(String, Range<usize>)>,
    /// It changes `sys.path`.
    pub changes_path: bool,
    /// It has no statement.
    pub empty: bool,
}

/// Why a file does not compile.
#[derive(Debug)]
pub(super) struct SyntaxError {
    /// Why.
    pub reason: String,
    /// Where.
    pub range: Range<usize>,
}

/// Reads a file for a version of Python; for any that is in use, when none is known.
pub(super) fn read(text: &str, version: Option<Version>) -> PythonSource {
    let target = version.filter(|version| *version <= NEWEST).unwrap_or(NEWEST);
    let target = PythonVersion { major: target.major, minor: target.minor };
    let parsed = parse_unchecked(text, ParseOptions::from(Mode::Module).with_target_version(target));
    let error = parsed.errors().first().map(|error| (error.error.to_string(), error.location));
    let unsupported = parsed.unsupported_syntax_errors().first().map(|error| (error.to_string(), error.range));
    // Another Python may well accept it, and then it says nothing.
    let judged = version.is_some_and(|version| version.major == 3 && version <= NEWEST);
    let unjudged = version.is_none() && !looks_like_python_2(text);
    let found = error.filter(|_| judged || unjudged).or(unsupported.filter(|_| judged));
    let mut source = PythonSource {
        error: found.map(|(reason, place)| SyntaxError { reason, range: place.into() }),
        ..PythonSource::default()
    };
    let Some(module) = parsed.syntax().as_module() else { return source };
    source.empty = module.body.is_empty();
    source.open = !parsed.errors().is_empty();
    source.statements(&module.body, false);
    for statement in &module.body {
        let mut reader = Reader { source: &mut source, functions: 0 };
        reader.visit_stmt(statement);
    }
    source
}

/// Python 2 still runs here and there, and what it wrote is no mistake there.
fn looks_like_python_2(text: &str) -> bool {
    text.lines().map(str::trim_start).any(|line| {
        let printed = line.strip_prefix("print ").map(str::trim_start);
        let caught = line.strip_prefix("except ").and_then(|rest| rest.split_once(','));
        printed.is_some_and(|rest| !rest.starts_with(['(', '=', '.']))
            || caught.is_some_and(|(class, name)| !class.contains('(') && name.trim_end().ends_with(':'))
            || line.starts_with("exec ")
            || line.starts_with("raise ") && line.contains(", ") && !line.contains('(')
    })
}

impl PythonSource {
    /// The names that statements bind in the scope where they stand.
    fn statements(&mut self, statements: &[Stmt], as_program: bool) {
        for statement in statements {
            self.statement(statement, as_program);
        }
    }

    fn statement(&mut self, statement: &Stmt, as_program: bool) {
        match statement {
            Stmt::FunctionDef(function) => self.bind(function.name.as_str(), function.name.range(), as_program),
            Stmt::ClassDef(class) => self.bind(class.name.as_str(), class.name.range(), as_program),
            Stmt::Assign(assign) => assign.targets.iter().for_each(|target| self.target(target, as_program)),
            Stmt::AnnAssign(assign) if assign.value.is_some() => self.target(&assign.target, as_program),
            Stmt::TypeAlias(alias) => self.target(&alias.name, as_program),
            Stmt::Import(import) => {
                for alias in &import.names {
                    let whole = alias.asname.as_ref().unwrap_or(&alias.name);
                    let name = whole.as_str().split('.').next().unwrap_or_default();
                    self.bind(name, alias.range(), as_program);
                }
            }
            Stmt::ImportFrom(import) => {
                for alias in &import.names {
                    self.open |= alias.name.as_str() == "*";
                    self.bind(alias.asname.as_ref().unwrap_or(&alias.name).as_str(), alias.range(), as_program);
                }
            }
            Stmt::If(branches) => {
                self.statements(&branches.body, as_program || is_program_test(&branches.test));
                for clause in &branches.elif_else_clauses {
                    self.statements(&clause.body, as_program);
                }
            }
            Stmt::For(repeated) => {
                self.target(&repeated.target, as_program);
                self.statements(&repeated.body, as_program);
                self.statements(&repeated.orelse, as_program);
            }
            Stmt::While(repeated) => {
                self.statements(&repeated.body, as_program);
                self.statements(&repeated.orelse, as_program);
            }
            Stmt::With(with) => {
                let targets = with.items.iter().filter_map(|item| item.optional_vars.as_deref());
                targets.for_each(|target| self.target(target, as_program));
                self.statements(&with.body, as_program);
            }
            Stmt::Try(guarded) => {
                for body in [&guarded.body, &guarded.orelse, &guarded.finalbody] {
                    self.statements(body, as_program);
                }
                for ruff_python_ast::ExceptHandler::ExceptHandler(handler) in &guarded.handlers {
                    self.statements(&handler.body, as_program);
                }
            }
            Stmt::Match(_) => self.open = true,
            _ => {}
        }
    }

    fn target(&mut self, target: &Expr, as_program: bool) {
        match target {
            Expr::Name(name) => self.bind(name.id.as_str(), name.range(), as_program),
            Expr::Tuple(tuple) => tuple.elts.iter().for_each(|one| self.target(one, as_program)),
            Expr::List(list) => list.elts.iter().for_each(|one| self.target(one, as_program)),
            Expr::Starred(starred) => self.target(&starred.value, as_program),
            _ => {}
        }
    }

    fn bind(&mut self, name: &str, range: TextRange, as_program: bool) {
        if as_program {
            self.only_as_program.push((name.to_owned(), range.into()));
        } else {
            self.bound.insert(name.to_owned());
        }
    }
}

/// `__name__ == "__main__"`.
fn is_program_test(test: &Expr) -> bool {
    let Expr::Compare(compare) = test else { return false };
    let is_name = |side: &Expr| matches!(side, Expr::Name(name) if name.id.as_str() == "__name__");
    let is_main = |side: &Expr| text_of(side).is_some_and(|text| text == "__main__");
    let [right] = &*compare.comparators else { return false };
    let equal = matches!(&*compare.ops, [ruff_python_ast::CmpOp::Eq]);
    equal && (is_name(&compare.left) && is_main(right) || is_main(&compare.left) && is_name(right))
}

/// Goes through every expression, to see what the module reaches for.
struct Reader<'a> {
    source: &'a mut PythonSource,
    /// How many functions are around: what stands in one is not run while the module is loaded.
    functions: usize,
}

impl<'a> Visitor<'a> for Reader<'_> {
    fn visit_stmt(&mut self, statement: &'a Stmt) {
        match statement {
            Stmt::Global(global) => {
                self.source.bound.extend(global.names.iter().map(|name| name.as_str().to_owned()));
            }
            Stmt::FunctionDef(_) => {
                self.functions += 1;
                walk_stmt(self, statement);
                self.functions -= 1;
                return;
            }
            Stmt::If(branches) if is_program_test(&branches.test) => {
                for clause in &branches.elif_else_clauses {
                    clause.body.iter().for_each(|statement| self.visit_stmt(statement));
                }
                return;
            }
            // Whoever catches the error has a way to go on.
            Stmt::Try(_) => {
                let keys = self.source.environment_keys.len();
                walk_stmt(self, statement);
                self.source.environment_keys.truncate(keys);
                return;
            }
            Stmt::Assign(assign) => {
                if let [Expr::Subscript(item)] = &*assign.targets
                    && is_environ(&item.value)
                {
                    self.assigned(&item.slice, Some(&assign.value));
                }
            }
            _ => {}
        }
        walk_stmt(self, statement);
    }

    fn visit_expr(&mut self, expression: &'a Expr) {
        match expression {
            Expr::Name(name) if OPEN_HANDED.contains(&name.id.as_str()) => self.source.open = true,
            Expr::Named(named) => self.source.target(&named.target, false),
            Expr::Attribute(attribute) if is_name(&attribute.value, "sys") => match attribute.attr.as_str() {
                "path" | "meta_path" | "path_hooks" => self.source.changes_path = true,
                "modules" => self.source.open = true,
                _ => {}
            },
            Expr::Attribute(attribute) if matches!(attribute.attr.as_str(), "addsitedir" | "addpackage") => {
                self.source.changes_path = true;
            }
            Expr::Subscript(item)
                if self.functions == 0
                    && matches!(item.ctx, ruff_python_ast::ExprContext::Load)
                    && is_environ(&item.value) =>
            {
                if let Some(key) = text_of(&item.slice) {
                    self.source.environment_keys.push((key, item.range().into()));
                }
            }
            Expr::Call(call) => self.call(call),
            Expr::Lambda(_) => {
                self.functions += 1;
                walk_expr(self, expression);
                self.functions -= 1;
                return;
            }
            _ => {}
        }
        walk_expr(self, expression);
    }
}

impl Reader<'_> {
    /// `os.environ.get(…)`, `os.getenv(…)`, `os.environ.setdefault(…)`.
    fn call(&mut self, call: &ruff_python_ast::ExprCall) {
        if let Expr::Name(name) = &*call.func {
            self.source.changes_environment |= name.id.contains("env");
        }
        let Expr::Attribute(function) = &*call.func else { return };
        let updates = is_environ(&function.value) && function.attr.as_str() == "update";
        self.source.copies_environment |= updates;
        self.source.changes_environment |=
            updates || function.attr.contains("env") && function.attr.as_str() != "getenv";
        let Some(key) = call.arguments.args.first().and_then(text_of) else { return };
        let value = call.arguments.args.get(1);
        match function.attr.as_str() {
            "get" if is_environ(&function.value) && value.is_none() && self.functions == 0 => {
                self.source.environment_keys.push((key, call.range().into()));
            }
            "getenv" if is_name(&function.value, "os") && value.is_none() && self.functions == 0 => {
                self.source.environment_keys.push((key, call.range().into()));
            }
            "setdefault" if is_environ(&function.value) => self.assigned(&call.arguments.args[0], value),
            _ => {}
        }
    }

    /// A variable of the process is given a value.
    fn assigned(&mut self, key: &Expr, value: Option<&Expr>) {
        let Some(key) = text_of(key) else {
            self.source.changes_environment = true;
            self.source.copies_environment = true;
            return;
        };
        if let Some((text, range)) = value.and_then(|value| Some((text_of(value)?, value.range())))
            && key == "DJANGO_SETTINGS_MODULE"
        {
            self.source.settings_module = Some((text, range.into()));
        }
        self.source.sets_environment.insert(key);
    }
}

/// `os.environ` or `environ`.
fn is_environ(expression: &Expr) -> bool {
    match expression {
        Expr::Attribute(attribute) => attribute.attr.as_str() == "environ" && is_name(&attribute.value, "os"),
        other => is_name(other, "environ"),
    }
}

fn is_name(expression: &Expr, name: &str) -> bool {
    matches!(expression, Expr::Name(found) if found.id.as_str() == name)
}

fn text_of(expression: &Expr) -> Option<String> {
    match expression {
        Expr::StringLiteral(literal) => Some(literal.value.to_str().to_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn version(minor: u8) -> Version {
        Version { major: 3, minor }
    }

    #[test]
    fn names_are_bound_in_every_way() {
        let text = "import a.b as c, d.e\nfrom f import g as h\nwith x() as (i, [j]): k = 1\ntry:\n    l = 1\nexcept E:\n    \
                    def m(): pass\nfor n in (): pass\nclass o: inner = 1\nif (p := 1): pass\nq: int\n";
        let source = read(text, Some(version(11)));
        let bound: Vec<&str> = source.bound.iter().map(String::as_str).collect();
        assert_eq!(bound, ["c", "d", "h", "i", "j", "k", "l", "m", "n", "o", "p"]);
        assert!(!source.open && source.error.is_none());
    }

    #[test]
    fn a_program_is_no_module() {
        let source = read("if __name__ == '__main__':\n    application = 1\nelse:\n    other = 1\n", Some(version(11)));
        assert_eq!(source.only_as_program[0].0, "application");
        assert!(source.bound.contains("other") && !source.bound.contains("application"));
    }

    #[test]
    fn only_a_mistake_of_that_python_is_one() {
        let matched = "match x:\n    case 1: pass\n";
        assert!(read(matched, Some(version(9))).error.is_some());
        assert!(read(matched, Some(version(10))).error.is_none());
        assert!(read(matched, None).error.is_none());
        assert!(read("print 'x'\n", Some(version(11))).error.is_some());
        assert!(read("print 'x'\n", None).error.is_none());
        assert!(read("print 'x'\n", Some(Version { major: 2, minor: 7 })).error.is_none());
        assert!(read("something of a later Python\n", Some(version(40))).error.is_none());
    }

    #[test]
    fn the_environment_that_is_read_at_once() {
        let text = "import os\nA = os.environ['A']\nB = os.environ.get('B')\nC = os.getenv('C', 'c')\ndef f():\n    \
                    os.environ['D']\nos.environ['E'] = 'e'\ntry:\n    os.environ['F']\nexcept KeyError: pass\ng = lambda environ, start: environ['G']\n";
        let keys: Vec<_> = read(text, None).environment_keys.into_iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["A", "B"]);
    }
}
