//! From the text of a configuration to the [`crate::plan::Plan`]: the stages in order, one call each.

pub mod check;
pub mod decide;
pub mod diagnostic;
pub mod directive;
pub mod expand;
pub mod explain;
pub mod ignore;
pub mod inspect;
pub mod lower;
pub mod model;
pub mod otherwise;
pub mod resolve;
pub mod source;
pub mod syntax;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diagnostic::Report;
use expand::{Decided, Expander, Modules, Off, Surroundings, Turned};
pub use model::Judge;
pub use source::ReadError;
use source::{Files, Sources, Span, Spanned};

use crate::plan::Plan;
use crate::plan::log::LogLevel;

/// Where Apache lives when nobody says otherwise, as Debian builds it.
pub const SERVER_ROOT: &str = "/etc/apache2";

/// What a configuration is compiled with. The default is an empty command line and an empty environment.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// For whom it is judged.
    pub judge: Judge,
    /// `-d`: `ServerRoot` until the configuration sets it.
    pub server_root: Option<PathBuf>,
    /// `-D`: names for `<IfDefine>`.
    pub defines: Vec<String>,
    /// `-C`: lines before the file.
    pub before: Vec<String>,
    /// `-c`: lines after the file.
    pub after: Vec<String>,
    /// `-e`: the log level where the configuration sets none.
    pub log_level: Option<LogLevel>,
    /// The variables that `${NAME}` sees, beside those of an `envvars` file.
    pub environment: BTreeMap<String, String>,
    /// What our runtime does not carry out is only warned about.
    pub ignore_unsupported: bool,
    /// Only the modules that the configuration loads are there, beside those that are compiled in.
    pub strict_modules: bool,
    /// Matters of taste are looked for too.
    pub pedantic: bool,
    /// The versions that it is for.
    pub target: directive::Target,
    /// Comments that ask for silence are not heard: as for a server that is about to start.
    pub hears_no_ignores: bool,
    /// Only the findings are wanted.
    pub no_plan: bool,
    /// The file is one that `AccessFileName` names, as one called `.htaccess` always is.
    pub access_file: bool,
    /// `--no-files`: the machine that the configuration is for is not looked at.
    pub no_files: bool,
}

/// A configuration after all stages.
#[derive(Debug)]
pub struct Compiled {
    /// Everything that was found, in the order of reading.
    pub report: Report,
    /// What to run; `None` when the text has errors, or when it is not wanted.
    pub plan: Option<Plan>,
    /// Whether the file is meant to stand alone: it says where the server lives, what it loads or who it runs as. Any other may
    /// be a part of a larger configuration.
    pub stands_alone: bool,
    /// Every text that was read: what `report` points into.
    pub sources: Sources,
}

impl Compiled {
    /// The findings, drawn with the lines that they speak of.
    pub fn full(&self, style: diagnostic::render::Style) -> String {
        diagnostic::render::full(&self.report, &self.sources, style)
    }

    /// The findings, one line each.
    pub fn concise(&self) -> String {
        diagnostic::render::concise(&self.report, &self.sources)
    }
}

/// Compiles a configuration.
///
/// # Errors
/// When the main file cannot be read. Whatever is wrong with its text is in the report.
pub fn compile(files: &dyn Files, file: &Path, options: &Options) -> Result<Compiled, ReadError> {
    let Read { server, sources, report, runs, .. } = read(files, file, options, false)?;
    let plan = (runs && !options.no_plan).then(|| resolve::resolve(&server, &sources, options.log_level));
    Ok(Compiled { report, plan, stands_alone: server.beyond.stands_alone, sources })
}

/// Follows one request through a configuration, with what there is to say about the file.
///
/// # Errors
/// When the main file cannot be read.
pub fn decide(
    files: &dyn Files,
    file: &Path,
    options: &Options,
    request: &decide::Request,
) -> Result<(decide::Decision, Compiled), ReadError> {
    let Read { server, sources, report, loaded, .. } = read(files, file, options, true)?;
    let decision = decide::decide(&server, &sources, &loaded, files, request);
    let stands_alone = server.beyond.stands_alone;
    Ok((decision, Compiled { report, plan: None, stands_alone, sources }))
}

/// A configuration before it is resolved.
struct Read {
    server: model::Server,
    sources: Sources,
    report: Report,
    /// The names of the modules that `LoadModule` adds.
    loaded: Vec<String>,
    /// There are no errors, also among those that the file asks to ignore.
    runs: bool,
}

fn read(files: &dyn Files, file: &Path, options: &Options, keep: bool) -> Result<Read, ReadError> {
    let mut report = Report::default();
    let mut sources = Sources::default();
    let options = &with_envvars(files, file, options);
    let target = options.target;
    let modules_of = move |name: &str| match target.lacks(name, "") {
        Some(_) => None,
        None => directive::modules_of(name),
    };
    let surroundings = surroundings(files, options, &modules_of);
    let expander = Expander::new(surroundings.clone(), &mut sources, &mut report);
    let mut tree = expand(expander, file, options)?;
    let server = tree.lower(options, keep, &mut report);
    let Tree { decided, modules, .. } = tree;
    if !server.beyond.stands_alone {
        report.retain(|found| !expand::is_of_envvars(found, &sources));
    }
    let mut checked = Report::default();
    check::check(&server, &mut checked);
    let again = Again { surroundings, file, options };
    let off = Off::of(&decided, &sources);
    let turned = Turned::of(&decided, &sources);
    if options.judge == Judge::Apache && !keep {
        again.leave_out_what_a_condition_brings(&turned, &sources, &mut checked);
    }
    checked.into_iter().for_each(|found| report.push(found));
    if options.judge == Judge::Apache && !keep && !off.is_empty() {
        again.look_at_what_is_off(&off, &sources, &mut report);
    }
    // What the machine lacks takes nothing from what the text says.
    let runs = !report.has_errors();
    if let Some(machine) = files.machine().filter(|_| !options.no_files) {
        inspect::inspect(&server, &source::Remembered::new(machine), modules.loaded(), &mut sources, &mut report);
    }
    if !options.hears_no_ignores {
        // What depends on the machine may be found on another one.
        let mut asleep: Vec<_> = inspect::INSPECTIONS.iter().map(|inspection| inspection.code).collect();
        if options.judge == Judge::Apache {
            asleep.extend(lower::OF_WSGI_SERVE);
        }
        ignore::apply(&explain::codes(), &asleep, &sources, &mut report);
    }
    if !options.pedantic {
        report.retain(|found| !found.code.pedantic);
    }
    report.settle_repairs(&sources, |name| directive::find(name).is_some());
    report.show_uses(&sources);
    report.sort(&sources);
    let loaded = modules.loaded().iter().map(|module| module.name.clone()).collect();
    Ok(Read { server, sources, report, loaded, runs })
}

/// The options with the variables that apachectl takes from Debian's `envvars`.
fn with_envvars(files: &dyn Files, file: &Path, options: &Options) -> Options {
    let mut options = options.clone();
    for (name, value) in source::envvars(files, file) {
        options.environment.entry(name).or_insert(value);
    }
    options
}

fn surroundings<'a>(
    files: &'a dyn Files,
    options: &'a Options,
    modules_of: &'a dyn Fn(&str) -> Option<&'static str>,
) -> Surroundings<'a> {
    Surroundings {
        files,
        defines: &options.defines,
        environment: &options.environment,
        server_root: options.server_root.clone().unwrap_or_else(|| PathBuf::from(SERVER_ROOT)),
        own_runtime: options.judge == Judge::WsgiServe,
        strict_modules: options.strict_modules,
        no_files: options.no_files,
        version: options.target.apache.map_or(expand::VERSION, directive::Version::numbers),
        modules_of,
    }
}

/// The tree that counts, and what was learned while it was read.
struct Tree {
    nodes: Vec<syntax::Node>,
    start: Span,
    decided: Decided,
    modules: Modules,
    server_root: Spanned<PathBuf>,
    stands_alone: bool,
    access_file: bool,
}

fn expand(mut expander: Expander<'_>, file: &Path, options: &Options) -> Result<Tree, ReadError> {
    let mut nodes = expander.command_line(&options.before);
    let (main, source) = expander.main_file(file)?;
    nodes.extend(main);
    nodes.extend(expander.command_line(&options.after));
    Ok(Tree {
        nodes,
        start: Span { source, start: 0, end: 0 },
        decided: expander.decided(),
        modules: expander.modules().clone(),
        server_root: expander.server_root().clone(),
        stands_alone: expander.stands_alone(),
        access_file: options.access_file || file.file_name().is_some_and(|name| name == ".htaccess"),
    })
}

impl Tree {
    /// Makes a model of the tree, which is used up by it.
    fn lower(&mut self, options: &Options, keep: bool, report: &mut Report) -> model::Server {
        let settings = lower::Settings {
            judge: options.judge,
            lenient: options.ignore_unsupported,
            start: self.start,
            server_root: self.server_root.clone(),
            modules: &self.modules,
            stands_alone: self.stands_alone,
            access_file: self.access_file,
            keep,
            target: options.target,
        };
        lower::lower(std::mem::take(&mut self.nodes), &settings, report)
    }
}

/// Further readings of what was read, with other conditions on.
struct Again<'a> {
    surroundings: Surroundings<'a>,
    file: &'a Path,
    options: &'a Options,
}

impl Again<'_> {
    /// Reads everything with the conditions on that are off.
    fn look_at_what_is_off(&self, off: &Off, sources: &Sources, report: &mut Report) {
        let mut read_again = Sources::default();
        let mut second = Report::default();
        let expander = Expander::again(self.surroundings.clone(), off, &mut read_again, &mut second);
        // Whoever cannot be read any more was read a moment ago.
        let Ok(mut tree) = expand(expander, self.file, self.options) else { return };
        let server = tree.lower(self.options, false, &mut second);
        otherwise::name_groups(&server, off, &read_again, sources, report);
        otherwise::add(second, off, &read_again, sources, report);
    }

    /// Reads everything with the conditions the other way that nobody can decide here.
    fn leave_out_what_a_condition_brings(&self, turned: &Turned, sources: &Sources, checked: &mut Report) {
        if turned.is_empty() || !checked.iter().any(|found| found.code.of_absence) {
            return;
        }
        let mut read_again = Sources::default();
        let mut second = Report::default();
        let expander = Expander::turned(self.surroundings.clone(), turned, &mut read_again, &mut second);
        let Ok(mut tree) = expand(expander, self.file, self.options) else { return };
        let server = tree.lower(self.options, false, &mut second);
        let mut otherwise = Report::default();
        check::check(&server, &mut otherwise);
        otherwise::keep_what_holds_both_ways(&otherwise, &read_again, sources, checked);
    }
}
