//! The texts of a run: the disk, before it standard input, and before both what `--fix` makes of them.

use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use similar::TextDiff;
use wsgi_httpd::compiler::source::{Disk, Files as _, Overlay, ReadError};
use wsgi_httpd::compiler::{Compiled, Options, compile};
use wsgi_httpd::findings::selection::Selection;
use wsgi_httpd::fix::fix;

use crate::arguments::Check;
use crate::check::{Trouble, say};

pub(crate) struct Texts {
    overlay: Overlay<'static>,
    /// What standard input is called, and what came from it.
    stdin: Option<(PathBuf, Vec<u8>)>,
    /// Repairs are carried out: `--fix` or `--diff`.
    fixes: bool,
    repaired: usize,
    here: PathBuf,
}

impl Texts {
    pub(crate) fn new(arguments: &Check) -> Result<Self, Trouble> {
        let mut overlay = Overlay::new(&Disk);
        let mut stdin = None;
        if arguments.reads_stdin() {
            let mut text = Vec::new();
            io::stdin().read_to_end(&mut text).map_err(|error| format!("standard input: {error}"))?;
            overlay.put(&arguments.stdin_filename, text.clone());
            stdin = Some((Disk.identity(&arguments.stdin_filename), text));
        }
        let here = std::env::current_dir().unwrap_or_default();
        Ok(Self { overlay, stdin, fixes: arguments.fix || arguments.diff, repaired: 0, here })
    }

    /// Compiles a file, after it was put right where that is asked for.
    pub(crate) fn compile(
        &mut self,
        file: &Path,
        options: &Options,
        selection: &Selection,
    ) -> Result<Compiled, ReadError> {
        let mut compiled = if self.fixes {
            let fixed = fix(&self.overlay, file, options, |code| selection.wants(code))?;
            for changed in fixed.changed {
                self.overlay.put(&changed.path, changed.after);
            }
            self.repaired += fixed.repaired;
            fixed.compiled
        } else {
            compile(&self.overlay, file, options)?
        };
        compiled.sources.relative_to(&self.here);
        Ok(compiled)
    }

    /// What became of the texts, as a unified diff.
    pub(crate) fn diff(&self) -> String {
        let mut all = String::new();
        for (path, before, after) in self.changed() {
            let name = self.name(path);
            let (before, after) = (String::from_utf8_lossy(&before), String::from_utf8_lossy(after));
            let diff = TextDiff::from_lines(before.as_ref(), after.as_ref());
            all.push_str(&diff.unified_diff().context_radius(3).header(&name, &name).to_string());
        }
        all
    }

    /// Writes what became of the texts, standard input to standard output.
    pub(crate) fn save(&self) -> Result<(), Trouble> {
        let mut files = 0;
        for (path, _, after) in self.changed() {
            files += 1;
            if self.is_stdin(path).is_none() {
                // In place: owner, permissions and links stay.
                std::fs::write(path, after).map_err(|error| format!("{}: {error}", self.name(path)))?;
            }
        }
        if files > 0 {
            eprintln!("wsgi-check: put {} right in {}", count(self.repaired, "finding"), count(files, "file"));
        }
        if let Some((path, before)) = self.stdin.as_ref().filter(|_| self.fixes) {
            let after =
                self.overlay.texts().find(|(other, _)| other == path).map_or(before.as_slice(), |(_, text)| text);
            say(io::stdout(), after)?;
        }
        Ok(())
    }

    fn changed(&self) -> impl Iterator<Item = (&Path, Vec<u8>, &[u8])> {
        self.overlay.texts().filter_map(|(path, after)| {
            let before = self.is_stdin(path).cloned().or_else(|| Disk.read(path).ok())?;
            (before != after).then_some((path, before, after))
        })
    }

    fn is_stdin(&self, path: &Path) -> Option<&Vec<u8>> {
        self.stdin.as_ref().filter(|(stdin, _)| stdin == path).map(|(_, text)| text)
    }

    fn name(&self, path: &Path) -> String {
        let below = std::fs::canonicalize(&self.here).unwrap_or_else(|_| self.here.clone());
        path.strip_prefix(below).unwrap_or(path).display().to_string()
    }
}

fn count(number: usize, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}
