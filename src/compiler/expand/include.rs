//! `Include` and `IncludeOptional`: a file, a folder with all that is in it, or a pattern. In byte order, as Apache sorts.

use std::io;
use std::path::{Component, Path, PathBuf};

use super::{
    Expander, INCLUDE_CYCLE, INCLUDE_NOT_FOUND, INCLUDE_TOO_DEEP, INCLUDE_UNREADABLE, Read, TOO_MUCH_INCLUDED,
};
use crate::compiler::diagnostic::{Diagnostic, Severity};
use crate::compiler::source::{FileKind, Span};
use crate::compiler::syntax::{self, Directive, Tree};

/// How deep files may include one another, and folders may hold folders.
const DEEPEST: usize = 128;
/// How many files a configuration may have.
const MOST_FILES: usize = 10_000;
/// How much text, all files together.
const MOST_BYTES: usize = 64 << 20;
/// How much may be read again: files that were included before, the lines of macros, the values of variables.
pub(super) const MOST_BYTES_AGAIN: usize = 16 << 20;
/// And in how many lines.
const MOST_LINES_AGAIN: usize = 400_000;

/// What an `Include` names.
enum Named {
    Files(Vec<PathBuf>),
    /// Some folders that the pattern matches lack what it goes on with.
    Partly(Vec<PathBuf>, String),
    /// Why it names nothing.
    Nothing(String),
}

impl Expander<'_> {
    pub(super) fn include(&mut self, directive: &Directive, tree: &mut Tree) -> bool {
        self.include_with(directive, tree, |reader, why, path, span| {
            let help = reader.near_file(path);
            let found = INCLUDE_NOT_FOUND.at(span, why).maybe_help(help);
            reader.report.push(if reader.lies_on_the_server(path) { found.graded(Severity::Warning) } else { found });
        })
    }

    pub(super) fn include_optional(&mut self, directive: &Directive, tree: &mut Tree) -> bool {
        self.include_with(directive, tree, |_, _, _, _| {})
    }

    fn include_with(
        &mut self,
        directive: &Directive,
        tree: &mut Tree,
        missing: fn(&mut Self, String, &Path, Span),
    ) -> bool {
        if self.off.is_some_and(|off| off.around(directive.span(), self.sources).is_some()) {
            return true;
        }
        let words = directive.words();
        let [argument] = words else { return false };
        syntax::report_unclosed_quotes(words, self.report);
        let path = self.server_root.value.join(&argument.text);
        let files = match self.named(&path) {
            Ok(Named::Files(files)) => files,
            Ok(Named::Partly(files, why)) => {
                missing(self, why, &path, argument.span);
                files
            }
            Ok(Named::Nothing(why)) => {
                missing(self, why, &path, argument.span);
                return true;
            }
            Err(error) => {
                self.report.push(INCLUDE_UNREADABLE.at(argument.span, error.to_string()));
                return true;
            }
        };
        for file in files {
            if !self.include_file(&file, argument.span, tree) {
                break;
            }
        }
        true
    }

    /// Reads one file in the place of the line. `false` when no more may be read.
    fn include_file(&mut self, path: &Path, at: Span, tree: &mut Tree) -> bool {
        if self.full {
            return false;
        }
        let identity = self.surroundings.files.identity(path);
        if let Some(from) = self.reading.iter().position(|(file, _)| *file == identity) {
            let found = INCLUDE_CYCLE.at(at, "includes a file that is being read");
            let found = self.circle(found, from);
            self.report.push(found);
            return true;
        }
        if self.reading.len() > DEEPEST {
            self.report.push(INCLUDE_TOO_DEEP.at(at, "the 129th file inside one another"));
            return true;
        }
        if let Some(read) = self.texts.get(&identity) {
            let lines = 1 + read.text.bytes().filter(|byte| *byte == b'\n').count();
            if !self.has_room_again(read.text.len(), lines, at) {
                return false;
            }
        } else {
            let bytes = match self.surroundings.files.read(path) {
                Ok(bytes) => bytes,
                Err(error) => {
                    let label = format!("{}: {}", path.display(), reason(&error));
                    self.report.push(INCLUDE_UNREADABLE.at(at, label));
                    return true;
                }
            };
            self.files_read += 1;
            if !self.has_room(bytes.len(), at) {
                return false;
            }
            self.texts.insert(identity.clone(), Read::new(bytes));
        }
        let source = self.add_text(path, &self.texts[&identity].clone(), Some(at));
        self.reading.push((identity, Some(at)));
        let around = std::mem::replace(&mut self.depth, tree.depth());
        let nodes = self.source(source);
        self.depth = around;
        self.reading.pop();
        tree.extend(nodes);
        true
    }

    /// Whether so much more text may be read. Said once where not.
    fn has_room(&mut self, bytes: usize, at: Span) -> bool {
        self.bytes += bytes;
        let full = self.bytes > MOST_BYTES || self.files_read > MOST_FILES;
        self.say_full(full, "more than 10,000 files or 64 MiB up to here", at)
    }

    /// Whether so much more may be read that was read before.
    pub(super) fn has_room_again(&mut self, bytes: usize, lines: usize, at: Span) -> bool {
        self.bytes_again += bytes;
        self.lines_again += lines;
        let full = self.bytes_again > MOST_BYTES_AGAIN || self.lines_again > MOST_LINES_AGAIN;
        self.say_full(full, "more than 400,000 lines or 16 MiB are read again up to here", at)
    }

    fn say_full(&mut self, full: bool, label: &str, at: Span) -> bool {
        if full && !self.full {
            self.report.push(TOO_MUCH_INCLUDED.at(at, label));
        }
        self.full |= full;
        !full
    }

    /// Labels the lines that close the circle.
    fn circle(&self, mut found: Diagnostic, from: usize) -> Diagnostic {
        for (file, at) in &self.reading[from + 1..] {
            if let Some(at) = at {
                let name = file.file_name().unwrap_or(file.as_os_str()).to_string_lossy();
                found = found.and(*at, format!("`{name}` is included here"));
            }
        }
        found
    }

    fn named(&self, path: &Path) -> io::Result<Named> {
        let text = path.to_string_lossy();
        if text.contains(['*', '?', '[']) && !text.contains('\\') {
            return self.matching(path);
        }
        match self.surroundings.files.kind(path) {
            Some(FileKind::Folder) => {
                let mut files = Vec::new();
                self.folder(path, 0, &mut files)?;
                Ok(Named::Files(files))
            }
            Some(_) => Ok(Named::Files(vec![path.to_owned()])),
            None => Ok(Named::Nothing(format!("no such file: {}", path.display()))),
        }
    }

    /// Every file in a folder and in its folders, editors' leftovers included.
    fn folder(&self, folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> io::Result<()> {
        if depth > DEEPEST {
            return Err(io::Error::other("folders are nested deeper than 128"));
        }
        for name in self.surroundings.files.list(folder)? {
            if files.len() > MOST_FILES {
                break;
            }
            let path = folder.join(name);
            match self.surroundings.files.kind(&path) {
                Some(FileKind::Folder) => self.folder(&path, depth + 1, files)?,
                Some(_) => files.push(path),
                None => {}
            }
        }
        Ok(())
    }

    /// The files of a pattern. `*` crosses no `/` and matches no dot at the start of a name.
    fn matching(&self, path: &Path) -> io::Result<Named> {
        let mut folders = vec![PathBuf::new()];
        let mut missing = None;
        let mut components = path.components().peekable();
        while let Some(component) = components.next() {
            let name = component.as_os_str().to_string_lossy();
            if !matches!(component, Component::Normal(_)) || !name.contains(['*', '?', '[']) {
                for folder in &mut folders {
                    folder.push(component);
                }
                continue;
            }
            let Some(pattern) = pattern(&name) else {
                return Ok(Named::Nothing(format!("`{name}` is no pattern")));
            };
            let mut found = Vec::new();
            for folder in &folders {
                if self.surroundings.files.kind(folder) != Some(FileKind::Folder) {
                    return Ok(Named::Nothing(format!("no such folder: {}", folder.display())));
                }
                let names = self.surroundings.files.list(folder)?;
                let options = glob::MatchOptions { require_literal_leading_dot: true, ..glob::MatchOptions::new() };
                found.extend(
                    names.iter().filter(|name| pattern.matches_with(name, options)).map(|name| folder.join(name)),
                );
            }
            if components.peek().is_some() {
                found.retain(|folder| self.surroundings.files.kind(folder) == Some(FileKind::Folder));
            }
            folders = found;
        }
        let mut files = Vec::new();
        for path in folders {
            match self.surroundings.files.kind(&path) {
                Some(FileKind::Folder) => self.folder(&path, 0, &mut files)?,
                Some(_) => files.push(path),
                None => missing = Some(format!("no such file: {}", path.display())),
            }
        }
        Ok(match missing {
            _ if files.is_empty() => Named::Nothing("nothing matches the pattern".to_owned()),
            Some(missing) => Named::Partly(files, missing),
            None => Named::Files(files),
        })
    }

    /// Whether a path is one of the machine that the configuration is for, which is not looked at: its folder is not here.
    fn lies_on_the_server(&self, path: &Path) -> bool {
        let here = path.parent().is_some_and(|folder| self.surroundings.files.kind(folder).is_some());
        self.surroundings.no_files && path.is_absolute() && !here
    }

    fn near_file(&mut self, path: &Path) -> Option<String> {
        let names = self.surroundings.files.list(path.parent()?).ok()?;
        let wanted = path.file_name()?.to_string_lossy();
        let near = self.report.nearest(&wanted, names.iter().map(String::as_str))?;
        Some(format!("did you mean `{near}`?"))
    }
}

/// `**` has no meaning of its own to Apache.
fn pattern(name: &str) -> Option<glob::Pattern> {
    let mut single = name.to_owned();
    while single.contains("**") {
        single = single.replace("**", "*");
    }
    glob::Pattern::new(&single).ok()
}

fn reason(error: &io::Error) -> String {
    // Without the number that the system adds: the same mistake reads the same everywhere.
    let text = error.to_string();
    text.split(" (os error").next().unwrap_or_default().to_owned()
}
