//! Cases: a configuration in a file, with lines `#: …` that say how it is compiled.
//!
//! `#: --for wsgi-serve`, `#: --pedantic`, `#: -D NAME`, `#: env NAME=VALUE`, `#: device PATH`; and `#: file PATH`, after which another file begins.

use std::path::{Path, PathBuf};

use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::Memory;
use wsgi_httpd::compiler::{Compiled, Judge, Options, compile};

/// The main file of every case.
pub(crate) const MAIN: &str = "/etc/apache2/httpd.conf";

/// A configuration and how to compile it.
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) files: Memory,
    pub(crate) options: Options,
}

pub(crate) fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a case is a text file");
    let mut files = Memory::default();
    let mut options = Options::default();
    let mut current = (PathBuf::from(MAIN), String::new());
    for line in text.split_inclusive('\n') {
        match line.trim_end().strip_prefix("#: ").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            Some(("file", name)) => {
                let done = std::mem::replace(&mut current, (Path::new("/etc/apache2").join(name), String::new()));
                files.add(done.0, done.1);
                continue;
            }
            Some(("device", path)) => files.add_device(path),
            Some(("--for", "wsgi-serve")) => options.judge = Judge::WsgiServe,
            Some(("--pedantic", "")) => options.pedantic = true,
            Some(("--ignore-unsupported", "")) => options.ignore_unsupported = true,
            Some(("-D", name)) => options.defines.push(name.to_owned()),
            Some(("-C", line)) => options.before.push(line.to_owned()),
            Some(("-c", line)) => options.after.push(line.to_owned()),
            Some(("env", variable)) => {
                let (name, value) = variable.split_once('=').expect("env NAME=VALUE");
                options.environment.insert(name.to_owned(), value.to_owned());
            }
            Some((other, _)) => panic!("{}: no such instruction: {other}", path.display()),
            None => {}
        }
        current.1.push_str(line);
    }
    files.add(current.0, current.1);
    Case { text, files, options }
}

impl Case {
    pub(crate) fn compile(&self) -> Compiled {
        compile(&self.files, Path::new(MAIN), &self.options).expect("the main file is there")
    }

    /// The configuration, a line, and what we say of it.
    #[allow(dead_code, reason = "each test file takes what it needs")]
    pub(crate) fn with_report(&self, compiled: &Compiled) -> String {
        let said = if compiled.report.is_clean() { "clean\n".to_owned() } else { compiled.full(Style::PLAIN) };
        format!("{}\n----\n{}", self.text.trim_end(), said)
    }
}
