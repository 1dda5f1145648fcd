//! Cases: many in a file, each after a line `#: case NAME`.
//!
//! Further lines `#: …` say how it is judged: `-D NAME`; `bare`, with the modules that are compiled in alone; `with
//! FILES`, with those of these source files and what they need; `wsgi6`, by mod_wsgi 6 and not by the 4.9 of the system; `file NAME`, after which another file begins. A line `#: bytes` takes `\xNN`
//! for a byte in the lines after it, `no-newline` takes the last line's end away.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use wsgi_httpd::compiler::diagnostic::Severity;
use wsgi_httpd::compiler::source::{Disk, Span};
use wsgi_httpd::compiler::{Compiled, Options, compile};

use crate::oracle;

/// A configuration.
pub(crate) struct Case {
    pub(crate) name: String,
    /// The file that it stands in.
    pub(crate) file: String,
    /// As it stands there.
    pub(crate) text: String,
    /// The files, the main file first.
    pub(crate) files: Vec<(String, Vec<u8>)>,
    pub(crate) defines: Vec<String>,
    pub(crate) modules: Loaded,
    pub(crate) wsgi6: bool,
    /// We differ from Apache on purpose.
    pub(crate) differs: bool,
    /// Where its files are.
    pub(crate) folder: PathBuf,
}

/// Which modules are loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Loaded {
    /// All that there are.
    All,
    /// Those that are compiled in, and one that answers requests.
    CompiledIn,
    /// Those of these source files, separated by commas, and what modules commonly need: it takes Apache a quarter of the time.
    With(String),
}

/// The name of the main file.
pub(crate) const MAIN: &str = "httpd.conf";

/// Where the files of all cases are.
static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| tempfile::tempdir().expect("a folder can be made"));

/// Every case of the corpus.
pub(crate) fn all() -> Vec<Case> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apache");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the folder is there")
        .map(|entry| entry.expect("it can be read").path())
        .filter(|path| path.extension().is_some_and(|ending| ending == "conf"))
        .collect();
    files.sort();
    files.iter().flat_map(|path| read(path)).collect()
}

fn read(path: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(path).expect("the corpus is text");
    let file = path.file_name().expect("a file has a name").to_string_lossy().into_owned();
    let cases = text.split("#: case ").skip(1);
    cases
        .map(|case| {
            let (name, text) = case.split_once('\n').unwrap_or((case, ""));
            Case::new(name.trim(), &file, text)
        })
        .collect()
}

impl Case {
    /// A case and its files.
    pub(crate) fn new(name: &str, file: &str, text: &str) -> Self {
        let mut case = Self {
            name: name.to_owned(),
            file: file.to_owned(),
            text: text.trim_end().to_owned(),
            files: Vec::new(),
            defines: Vec::new(),
            modules: Loaded::All,
            wsgi6: false,
            differs: file == "differences.conf",
            folder: FOLDER.path().join(name),
        };
        let mut current = (MAIN.to_owned(), Vec::new());
        let mut bytes = false;
        let mut newline = true;
        // The line before the next case is empty, for the eye.
        let text = format!("{}\n", case.text);
        for line in text.split_inclusive('\n') {
            let instruction = line.trim_end().strip_prefix("#: ");
            match instruction.map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
                Some(("file", name)) => {
                    case.files.push(std::mem::replace(&mut current, (name.to_owned(), Vec::new())));
                }
                Some(("-D", name)) => case.defines.push(name.to_owned()),
                Some(("bare", "")) => case.modules = Loaded::CompiledIn,
                Some(("with", files)) => case.modules = Loaded::With(files.to_owned()),
                Some(("wsgi6", "")) => case.wsgi6 = true,
                Some(("bytes", "")) => bytes = true,
                Some(("no-newline", "")) => newline = false,
                Some((other, _)) => panic!("{name}: no such instruction: {other}"),
                None if bytes => current.1.extend(unescaped(line)),
                None => current.1.extend(line.bytes()),
            }
        }
        if !newline && current.1.ends_with(b"\n") {
            current.1.pop();
        }
        case.files.push(current);
        case.write();
        case
    }

    fn write(&self) {
        std::fs::create_dir_all(self.folder.join("logs")).expect("a folder can be made");
        for (name, text) in &self.files {
            let path = self.folder.join(name);
            std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("a folder can be made");
            std::fs::write(path, text).expect("a file can be written");
        }
    }

    /// What we say of it.
    pub(crate) fn compile(&self) -> Compiled {
        let mut before = oracle::prologue(self);
        // What `-d` says is taken for a guess.
        before.push(format!("ServerRoot {}", self.folder.display()));
        let options = Options {
            server_root: Some(self.folder.clone()),
            defines: self.defines.clone(),
            before,
            strict_modules: true,
            ..Options::default()
        };
        compile(&Disk, &self.folder.join(MAIN), &options).expect("the main file is there")
    }

    /// The names of our errors.
    pub(crate) fn errors(compiled: &Compiled) -> impl Iterator<Item = &'static str> {
        let errors = compiled.report.iter().filter(|found| found.severity == Severity::Error);
        errors.map(|found| found.code.name)
    }

    /// Whether one of our errors stands on that line.
    pub(crate) fn blames(compiled: &Compiled, file: &str, line: u32) -> bool {
        let errors = compiled.report.iter().filter(|found| found.severity == Severity::Error);
        errors.flat_map(|found| &found.labels).any(|label| {
            let source = compiled.sources.get(label.span.source);
            let (first, _) = compiled.sources.line_column(label.span);
            source.path.ends_with(file) && (first..=last_line(&source.text, label.span, first)).contains(&line)
        })
    }
}

/// Apache names the last line of those that a backslash joins.
fn last_line(text: &str, span: Span, first: u32) -> u32 {
    let rest = text.get(span.start as usize..).unwrap_or_default();
    let joined = rest.split('\n').take_while(|line| line.trim_end_matches('\r').ends_with('\\')).count();
    let within = text.get(span.start as usize..span.end as usize).unwrap_or_default().matches('\n').count();
    first + joined.max(within) as u32
}

/// `\xNN` is a byte.
fn unescaped(line: &str) -> Vec<u8> {
    let mut parts = line.split("\\x");
    let mut bytes = parts.next().unwrap_or_default().as_bytes().to_vec();
    for part in parts {
        let (hex, rest) = part.split_at(2);
        bytes.push(u8::from_str_radix(hex, 16).expect("two hexadecimal digits follow"));
        bytes.extend(rest.bytes());
    }
    bytes
}
