//! A configuration with everything that it includes, compiled: what is open is judged within it.

use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use super::documents::Documents;
use super::elsewhere;
use super::names::Names;
use super::position::{Encoding, Text};
use super::settings::Settings;
use crate::compiler::diagnostic::Diagnostic;
use crate::compiler::source::{FileKind, Files, SourceId, Span, envvars};
use crate::compiler::{Compiled, Options, SERVER_ROOT, compile};

/// Where the configuration that includes a file is looked for, from its folder upwards.
const NAMES_OF_MAINS: [&str; 4] = ["apache2.conf", "httpd.conf", "conf/httpd.conf", "conf/apache2.conf"];
/// Where distributions put it.
const USUAL_MAINS: [&str; 3] =
    ["/etc/apache2/apache2.conf", "/etc/httpd/conf/httpd.conf", "/usr/local/apache2/conf/httpd.conf"];

/// One compiled configuration.
pub(super) struct Project {
    /// The file that the compiler was given.
    pub(super) main: PathBuf,
    pub(super) compiled: Compiled,
    /// The variables that `${NAME}` sees besides those of `Define`.
    pub(super) environment: BTreeMap<String, String>,
    /// Where relative paths begin, as far as the file does not say otherwise.
    pub(super) server_root: PathBuf,
    /// The sources by the name of their file that all paths to it share.
    files: BTreeMap<PathBuf, Vec<SourceId>>,
    readings: HashMap<SourceId, Reading>,
    encoding: Encoding,
    names: OnceCell<Names>,
}

/// One source that is a file.
struct Reading {
    file: PathBuf,
    text: OnceCell<Text>,
}

impl Project {
    fn compile(main: &Path, files: &Documents, options: &Options, encoding: Encoding) -> Option<Self> {
        let compiled = compile(files, main, options).ok()?;
        let mut by_file: BTreeMap<PathBuf, Vec<SourceId>> = BTreeMap::new();
        let mut readings = HashMap::new();
        for (id, source) in compiled.sources.ids() {
            let path = &source.path;
            if path.is_absolute() || path == main {
                let file = files.identity(path);
                by_file.entry(file.clone()).or_default().push(id);
                readings.insert(id, Reading { file, text: OnceCell::new() });
            }
        }
        Some(Self {
            main: main.to_owned(),
            compiled,
            environment: options.environment.clone(),
            server_root: options.server_root.clone().unwrap_or_else(|| PathBuf::from(SERVER_ROOT)),
            files: by_file,
            readings,
            encoding,
            names: OnceCell::new(),
        })
    }

    /// The findings. In a part of a configuration, none that the rest of it may answer.
    pub(super) fn findings(&self) -> impl Iterator<Item = &Diagnostic> {
        let whole = self.compiled.stands_alone && !elsewhere::is_part(&self.main);
        self.compiled.report.iter().filter(move |found| {
            !elsewhere::follows_from_variable(found, self) && (whole || !elsewhere::may_answer(found, self))
        })
    }

    /// The readings of a file.
    pub(super) fn sources_of(&self, identity: &Path) -> &[SourceId] {
        self.files.get(identity).map_or(&[], Vec::as_slice)
    }

    /// The file of a source, by the name that all paths to it share; `None` for lines of the command line.
    pub(super) fn file_of(&self, source: SourceId) -> Option<&Path> {
        Some(&self.readings.get(&source)?.file)
    }

    /// Where a span stands in its file.
    pub(super) fn range(&self, span: Span) -> Option<gen_lsp_types::Range> {
        let new = || Text::new(self.compiled.sources.get(span.source).text.clone(), self.encoding);
        Some(self.readings.get(&span.source)?.text.get_or_init(new).range(span.into()))
    }

    /// Who is called what in it. A file that is read twice says nothing new the second time.
    pub(super) fn names(&self) -> &Names {
        let first_readings = self.files.values().filter_map(|ids| ids.first().copied());
        self.names.get_or_init(|| Names::collect(&self.compiled.sources, first_readings))
    }
}

/// Compiles all that is open: what the settings name, then for every document the configuration that includes it, or the
/// document alone.
pub(super) fn compile_all(documents: &Documents, settings: &Settings, encoding: Encoding) -> Vec<Project> {
    let mut arrangement = Arrangement { documents, settings, encoding, projects: Vec::new(), mains: Vec::new() };
    for main in &settings.mains {
        arrangement.try_main(main, |_| true);
    }
    for document in documents.iter() {
        arrangement.find_main(&document.path);
    }
    for document in documents.iter() {
        arrangement.alone(&document.path);
    }
    arrangement.projects
}

struct Arrangement<'a> {
    documents: &'a Documents,
    settings: &'a Settings,
    encoding: Encoding,
    projects: Vec<Project>,
    /// The main files of those that were found or named.
    mains: Vec<PathBuf>,
}

impl Arrangement<'_> {
    fn covers(&self, identity: &Path) -> bool {
        self.projects.iter().any(|project| !project.sources_of(identity).is_empty())
    }

    /// Compiles a configuration once, and keeps it if it is wanted.
    fn try_main(&mut self, main: &Path, wanted: impl Fn(&Project) -> bool) {
        let identity = self.documents.identity(main);
        if self.mains.contains(&identity) || self.documents.kind(main) != Some(FileKind::File) {
            return;
        }
        let options = options(main, self.settings, self.documents);
        let project = Project::compile(main, self.documents, &options, self.encoding);
        // One that this document does not want, another one may.
        if let Some(project) = project.filter(|project| wanted(project)) {
            self.projects.push(project);
            self.mains.push(identity);
        }
    }

    fn find_main(&mut self, path: &Path) {
        let identity = self.documents.identity(path);
        let above = path.ancestors().skip(1).flat_map(|folder| NAMES_OF_MAINS.map(|name| folder.join(name)));
        let candidates: Vec<_> = above.chain(USUAL_MAINS.map(PathBuf::from)).collect();
        for main in candidates.iter().filter(|_| path.is_absolute()) {
            if self.covers(&identity) {
                return;
            }
            self.try_main(main, |project| !project.sources_of(&identity).is_empty());
        }
    }

    /// Compiles a document that no configuration includes. One that includes it takes its place.
    fn alone(&mut self, path: &Path) {
        let identity = self.documents.identity(path);
        if self.covers(&identity) {
            return;
        }
        let options = options(path, self.settings, self.documents);
        let Some(project) = Project::compile(path, self.documents, &options, self.encoding) else { return };
        let documents = self.documents;
        self.projects.retain(|other| {
            let main = documents.identity(&other.main);
            self.settings.mains.contains(&other.main) || project.sources_of(&main).is_empty()
        });
        self.projects.push(project);
    }
}

/// A main configuration that is found lives where its distribution puts the server's root, and gets the environment that
/// Debian's scripts give it.
fn options(main: &Path, settings: &Settings, files: &dyn Files) -> Options {
    let mut options = settings.options.clone();
    let folder = main.parent().unwrap_or(main);
    let is_main = NAMES_OF_MAINS.iter().any(|name| main.ends_with(name));
    if is_main && options.server_root.is_none() {
        let root = if folder.ends_with("conf") { folder.parent().unwrap_or(folder) } else { folder };
        options.server_root = Some(root.to_owned());
    }
    for (name, value) in envvars(files, main) {
        options.environment.entry(name).or_insert(value);
    }
    options
}
