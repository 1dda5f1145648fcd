//! Cases: a configuration in a file, with lines `#: …` that say how it is compiled.
//!
//! `#: --for wsgi-serve`, `#: --pedantic`, `#: --htaccess`, `#: --no-files`, `#: -D NAME`, `#: env NAME=VALUE`, `#: device PATH`; and `#: file PATH`, after which another file begins.
//!
//! After `#: machine` the files are those of the machine that the configuration is for. Then `#: file PATH MODE OWNER`, with
//! `0644` and `root` as the defaults (the group is the owner's), `#: latin1 PATH` for a text in that encoding,
//! `#: folder PATH MODE OWNER`, `#: link PATH TARGET`. There are the accounts `root` (0), `www-data` (33) and `shop` (1000).

use std::path::{Path, PathBuf};

use wsgi_httpd::compiler::diagnostic::render::Style;
use wsgi_httpd::compiler::source::{Files, Memory, MemoryMachine, Owned};
use wsgi_httpd::compiler::{Compiled, Judge, Options, compile};

/// The main file of every case.
pub(crate) const MAIN: &str = "/etc/apache2/httpd.conf";

/// A configuration and how to compile it.
pub(crate) struct Case {
    pub(crate) text: String,
    pub(crate) files: Memory,
    pub(crate) machine: Option<MemoryMachine>,
    pub(crate) options: Options,
}

pub(crate) fn read(path: &Path) -> Case {
    let text = std::fs::read_to_string(path).expect("a case is a text file");
    let mut files = Memory::default();
    let mut options = Options::default();
    let mut current = (PathBuf::from(MAIN), String::new(), "");
    let mut machine: Option<MemoryMachine> = None;
    for line in text.split_inclusive('\n') {
        match line.trim_end().strip_prefix("#: ").map(|rest| rest.split_once(' ').unwrap_or((rest, ""))) {
            Some((kind @ ("file" | "latin1"), name)) => {
                let (name, owner) = name.split_once(' ').unwrap_or((name, ""));
                let owner = if kind == "file" { owner } else { "latin1" };
                let next = (Path::new("/etc/apache2").join(name), String::new(), owner);
                end_file(std::mem::replace(&mut current, next), &mut files, machine.as_mut());
                continue;
            }
            Some(("machine", "")) => machine = Some(inhabited()),
            Some(("folder", folder)) => {
                let (path, owner) = folder.split_once(' ').unwrap_or((folder, ""));
                machine.as_mut().expect("after `#: machine`").add_folder(path, owned(owner, 0o755));
            }
            Some(("link", link)) => {
                let (path, target) = link.split_once(' ').expect("link PATH TARGET");
                machine.as_mut().expect("after `#: machine`").add_link(path, target);
            }
            Some(("device", path)) => files.add_device(path),
            Some(("--for", "wsgi-serve")) => options.judge = Judge::WsgiServe,
            Some(("--htaccess", "")) => options.access_file = true,
            Some(("--no-files", "")) => options.no_files = true,
            Some(("--pedantic", "")) => options.pedantic = true,
            Some(("--target", target)) => options.target = target.parse().expect("a target"),
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
    end_file(current, &mut files, machine.as_mut());
    Case { text, files, machine, options }
}

fn end_file((path, text, owner): (PathBuf, String, &str), files: &mut Memory, machine: Option<&mut MemoryMachine>) {
    if let Some(machine) = machine {
        let bytes: Vec<u8> = match owner {
            "latin1" => text.chars().map(|letter| u8::try_from(letter).expect("a letter of Latin-1")).collect(),
            _ => text.clone().into_bytes(),
        };
        machine.add_file(&path, bytes, owned(owner, 0o644));
    }
    files.add(path, text);
}

const ACCOUNTS: [(&str, u32); 3] = [("root", 0), ("www-data", 33), ("shop", 1000)];

fn inhabited() -> MemoryMachine {
    let mut machine = MemoryMachine::default();
    for (name, uid) in ACCOUNTS {
        machine.add_user(name, uid, &[]);
    }
    machine
}

/// `MODE OWNER`, both optional.
fn owned(words: &str, usual: u32) -> Owned {
    let mut owned = Owned { mode: usual, uid: 0, gid: 0 };
    for word in words.split_whitespace().filter(|word| *word != "latin1") {
        match ACCOUNTS.iter().find(|(name, _)| *name == word) {
            Some((_, uid)) => (owned.uid, owned.gid) = (*uid, *uid),
            None => owned.mode = u32::from_str_radix(word, 8).expect("a mode in octal, or an account"),
        }
    }
    owned
}

impl Case {
    pub(crate) fn compile(&self) -> Compiled {
        let files: &dyn Files = self.machine.as_ref().map_or(&self.files, |machine| machine);
        compile(files, Path::new(MAIN), &self.options).expect("the main file is there")
    }

    /// The configuration, a line, and what we say of it.
    #[allow(dead_code, reason = "each test file takes what it needs")]
    pub(crate) fn with_report(&self, compiled: &Compiled) -> String {
        let said = if compiled.report.is_clean() { "clean\n".to_owned() } else { compiled.full(Style::PLAIN) };
        format!("{}\n----\n{}", self.text.trim_end(), said)
    }
}
