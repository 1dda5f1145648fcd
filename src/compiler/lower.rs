//! From the tree to the model: finds each directive in the table, checks where it stands and what it is given, and lets its
//! entry put it into the model.

mod arguments;
mod authorization;
mod expressions;
mod handlers;
mod keep;
mod known;
mod places;
mod sections;

use std::collections::{BTreeSet, HashMap};
use std::path::PathBuf;

use super::diagnostic::{Code, Report, Severity, only_near};
use super::directive::{self, Context, Effect, Known, Row, Scope, Spec, Target};
use super::expand::Modules;
use super::model::{Host, Judge, Line, Matcher, Section, Server};
use super::source::{Span, Spanned};
use super::syntax::{Directive, Node};

pub(crate) use arguments::syntax_line;

/// What lowering must know beside the tree.
pub struct Settings<'a> {
    /// For whom the configuration is judged.
    pub judge: Judge,
    /// What our runtime leaves out is only warned about.
    pub lenient: bool,
    /// The start of the main file.
    pub start: Span,
    /// `ServerRoot`.
    pub server_root: Spanned<PathBuf>,
    /// The modules that are there.
    pub modules: &'a Modules,
    /// The configuration is no part of a larger one.
    pub stands_alone: bool,
    /// It is what a `.htaccess` file says.
    pub access_file: bool,
    /// Every directive is kept as it was written.
    pub keep: bool,
    /// The versions that it is for.
    pub target: Target,
}

/// Makes a model of a tree.
pub fn lower(nodes: Vec<Node>, settings: &Settings<'_>, report: &mut Report) -> Server {
    let server = Server::new(settings.judge, settings.server_root.clone());
    let mut walk = Walk {
        server,
        hosts: Vec::new(),
        report,
        lenient: settings.lenient,
        modules: settings.modules,
        provider_aliases: BTreeSet::new(),
        filters: BTreeSet::new(),
        keep: settings.keep,
        target: settings.target,
        judges_modules: settings.modules.are_all_named() && settings.judge == Judge::Apache,
        present: HashMap::new(),
        said: BTreeSet::new(),
    };
    let mut main = Host::new(settings.start);
    // It holds for a folder that is not known here.
    let mut folder = settings.access_file.then(|| Section::new(Matcher::Unknown, settings.start));
    let place = &mut Place {
        context: if settings.access_file { Context::Htaccess } else { Context::ServerConfig },
        directory_kind: "",
        parent: None,
        all_required: false,
        closed: true,
        host: &mut main,
        host_index: 0,
        section: folder.as_mut(),
        if_may_go_on: false,
    };
    walk.nodes(nodes, place);
    main.sections.extend(folder);
    let Walk { mut server, hosts, .. } = walk;
    server.hosts.push(main);
    server.hosts.extend(hosts);
    if settings.judge == Judge::WsgiServe {
        handlers::report_others(&server, settings.lenient, report);
    }
    let listens = settings.modules.any_loaded() && !server.listeners.is_empty();
    let whole = settings.stands_alone || listens || server.user.is_some() || server.pid_file.is_some();
    server.beyond.stands_alone = whole && !settings.access_file;
    server
}

/// The state of the walk through the tree.
struct Walk<'a> {
    server: Server,
    /// The virtual hosts.
    hosts: Vec<Host>,
    report: &'a mut Report,
    lenient: bool,
    modules: &'a Modules,
    /// Names that `<AuthzProviderAlias>` and `<AuthnProviderAlias>` define.
    provider_aliases: BTreeSet<String>,
    /// Names of filters that lines before define, in lower case.
    filters: BTreeSet<String>,
    /// Every directive is kept as it was written.
    keep: bool,
    target: Target,
    /// A directive whose module is not there would be refused.
    judges_modules: bool,
    /// Which modules are there, once somebody asked for one of their directives.
    present: HashMap<&'static str, bool>,
    /// Directives without effect in our runtime, and modules that are not loaded, that were named already.
    said: BTreeSet<&'static str>,
}

/// Where the walk is.
struct Place<'a> {
    context: Context,
    /// Which per-directory section: `Directory`, `Location`, `Files`, `If`, `Limit`, `Proxy`.
    directory_kind: &'static str,
    /// The opening line of the section around.
    parent: Option<&'a Directive>,
    /// Requirements here stand in a `<RequireAll>`.
    all_required: bool,
    /// Whether it and those around it are closed where they should be.
    closed: bool,
    host: &'a mut Host,
    host_index: usize,
    section: Option<&'a mut Section>,
    /// An `<If>` or `<ElseIf>` was read in this section, and no `<Else>` after it.
    if_may_go_on: bool,
}

impl Place<'_> {
    /// The settings that hold here: the section's, else the host's.
    fn settings(&mut self) -> &mut super::model::Settings {
        match self.section.as_deref_mut() {
            Some(section) => &mut section.settings,
            None => &mut self.host.settings,
        }
    }
}

impl Walk<'_> {
    fn nodes(&mut self, nodes: Vec<Node>, place: &mut Place<'_>) {
        for node in nodes {
            match node {
                Node::Directive(directive) => self.directive(&directive, place),
                Node::Section(section) => self.section(section, place),
            }
        }
    }

    fn directive(&mut self, directive: &Directive, place: &mut Place<'_>) {
        let name = directive.name.text.as_str();
        let Row { acting, known } = directive::row(name);
        if let Some(known) = known {
            if self.module_is_missing(directive, known) {
                return;
            }
            if known.checked {
                self.keep_line(directive, known, place);
            }
            if self.keep {
                keep::directive(directive, known, place);
            }
        }
        if !self.authorization(directive, place) {
            return;
        }
        self.needs_newer(name, "", directive.name.span);
        if directive.is("LogLevel") {
            self.log_levels(directive);
        }
        match (acting, known) {
            (None, None) => self.unknown(directive),
            (None, Some(known)) => self.known(directive, known, place),
            (Some(spec), _) if spec.contexts.contains(&place.context) => self.acting(directive, spec, place),
            // Apache takes it here, our runtime does not.
            (_, Some(known)) if known.contexts.contains(&place.context) => self.known(directive, known, place),
            (Some(spec), _) => {
                self.not_allowed(directive, spec.contexts, place);
                self.arguments(directive, spec);
                self.server.beyond.failed.insert(spec.name);
            }
        }
    }

    /// Keeps a line that checks read.
    fn keep_line(&self, directive: &Directive, known: &'static Known, place: &mut Place<'_>) {
        let words = directive.words().iter().map(|word| Spanned::new(word.text.clone(), word.span)).collect();
        let groups_before = self.server.process_groups.len();
        let line = Line { name: known.name, words, span: directive.span(), groups_before };
        match place.section.as_deref_mut() {
            Some(section) => section.settings.lines.push(line),
            None => place.host.settings.lines.push(line),
        }
    }

    fn acting(&mut self, directive: &Directive, spec: &'static Spec, place: &mut Place<'_>) {
        let errors = self.report.count(Severity::Error);
        let args = self.arguments(directive, spec);
        match (&spec.effect, args) {
            (Effect::Lower(effect), Some(mut args)) => {
                let mut scope = Scope {
                    server: &mut self.server,
                    host: place.host,
                    host_index: place.host_index,
                    section: place.section.as_deref_mut(),
                    report: self.report,
                    lenient: self.lenient,
                };
                effect(&mut args, &mut scope);
            }
            (Effect::Ignore(why), Some(_)) if self.server.judge == Judge::WsgiServe && self.said.insert(spec.name) => {
                self.report.push(NO_EFFECT_HERE.at(directive.name.span, *why));
            }
            _ => {}
        }
        if matches!(spec.name, "CustomLog" | "SetHandler") {
            self.expressions(directive, spec.name);
        }
        if self.report.count(Severity::Error) > errors {
            self.server.beyond.failed.insert(spec.name);
        }
        if let Effect::Lower(_) = spec.effect {
            self.note_acting(directive, spec, place);
        }
    }

    /// Says that the module of a directive or section is not loaded. Whether it is not even to be looked at then.
    fn module_is_missing(&mut self, directive: &Directive, known: &'static Known) -> bool {
        let modules = self.modules;
        if !self.judges_modules || *self.present.entry(known.module).or_insert_with(|| modules.has_one_of(known.module))
        {
            return false;
        }
        let strict = self.modules.are_strict();
        if strict || self.said.insert(known.module) {
            let found = MODULE_NOT_LOADED.at(directive.name.span, format!("a directive of {}", known.module));
            let severity = if strict { Severity::Error } else { Severity::Warning };
            let help = format!("add `{}`", self.modules.load_line(known.module));
            self.report.push(found.help(help).graded(severity));
        }
        strict
    }

    fn unknown(&mut self, directive: &Directive) {
        let name = directive.name.text.as_str();
        if let Some(instead) = directive::removed(name) {
            self.report.push(REMOVED_DIRECTIVE.at(directive.name.span, "is gone").help(instead));
            return;
        }
        if let Some(module) = directive::stranger(name) {
            // Apache with that module knows it; our runtime has no modules.
            if self.server.judge == Judge::WsgiServe {
                let severity = if self.lenient { Severity::Warning } else { Severity::Error };
                let found = UNSUPPORTED_DIRECTIVE.at(directive.name.span, format!("left out: a part of {module}"));
                self.report.push(found.says(format!("wsgi-serve does not carry out {name}")).graded(severity));
            }
            return;
        }
        let mut found = UNKNOWN_DIRECTIVE.at(directive.name.span, "no such directive");
        let strangers = self.modules.have_strangers();
        let near = self.report.nearest(name, directive::names(false));
        // The directives of a module begin alike: those of another one are not misspelt.
        if let Some(near) = near.filter(|near| !strangers || begin_alike(name, near)) {
            found = found.help(format!("did you mean `{near}`?"));
            if let Some(meant) = only_near(name, directive::names(false)) {
                found = found.respelt(name, meant);
            }
        } else if strangers {
            let help = "a module that does not come with Apache is loaded and may define it";
            found = found.help(help).graded(Severity::Warning);
        }
        self.report.push(found);
    }

    /// Says what the versions that the configuration is for do not have yet.
    fn needs_newer(&mut self, directive: &str, option: &str, span: Span) {
        if let Some((needed, there)) = self.target.lacks(directive, option) {
            let found = NEEDS_NEWER_VERSION.at(span, format!("since {needed}"));
            let name = if option.is_empty() { directive.trim_start_matches('<') } else { option };
            self.report.push(found.says(format!("`{name}` is not known to {there}")));
        }
    }

    /// Whether a directive may stand where it stands; said if not.
    fn may_stand(&mut self, directive: &Directive, known: &Known, place: &Place<'_>) -> bool {
        let here = match place.context {
            Context::Directory => {
                known.contexts.contains(&place.context)
                    && (known.directory_kinds.is_empty() || known.directory_kinds.contains(&place.directory_kind))
            }
            context => known.contexts.contains(&context),
        };
        if here || known.contexts.is_empty() {
            return true;
        }
        self.not_allowed(directive, &known.contexts, place);
        false
    }

    fn not_allowed(&mut self, directive: &Directive, contexts: &[Context], place: &Place<'_>) {
        // In a section that is left open it is not the lines which are wrong.
        if !place.closed {
            return;
        }
        let label = match place.parent {
            Some(parent) => format!("not allowed in `<{}>`", parent.name.text),
            None if place.context == Context::Htaccess => "not allowed in a `.htaccess` file".to_owned(),
            None => "not allowed outside of sections".to_owned(),
        };
        let mut found = NOT_ALLOWED_HERE.at(directive.name.span, label);
        if let Some(parent) = place.parent {
            found = found.and(parent.name.span, "the section begins here");
        }
        let names: Vec<_> = contexts.iter().map(|context| context.name()).collect();
        self.report.push(found.help(format!("it may stand in: {}", names.join(", "))));
    }
}

/// Whether two names share their first three letters.
fn begin_alike(name: &str, other: &str) -> bool {
    let starts = name.as_bytes().get(..3).zip(other.as_bytes().get(..3));
    starts.is_some_and(|(name, other)| name.eq_ignore_ascii_case(other))
}

/// Every kind of finding of this stage.
pub const CODES: &[&Code] = &[
    &UNKNOWN_DIRECTIVE,
    &REMOVED_DIRECTIVE,
    &NEEDS_NEWER_VERSION,
    &MODULE_NOT_LOADED,
    &NOT_ALLOWED_HERE,
    &MISSING_ARGUMENT,
    &TOO_MANY_ARGUMENTS,
    &UNKNOWN_OPTION,
    &MALFORMED_OPTION,
    &REPEATED_OPTION,
    &UNSUPPORTED_DIRECTIVE,
    &NO_EFFECT_HERE,
    &VIRTUAL_HOST_ADDRESS_IGNORED,
    &ELSE_WITHOUT_IF,
    &INVALID_EXPRESSION,
    &EMPTY_CONTAINER,
    &MISPLACED_NEGATION,
    &STOPS_ITSELF,
];

/// What is looked for only when our own runtime is judged.
pub const OF_WSGI_SERVE: &[&Code] = &[&UNSUPPORTED_DIRECTIVE, &NO_EFFECT_HERE, &directive::UNSUPPORTED_VALUE];

static UNKNOWN_DIRECTIVE: Code = Code::error(
    "unknown-directive",
    "a directive is used that neither Apache nor mod_wsgi has",
    include_str!("lower/unknown_directive.md"),
)
.predicts(&["AH00526"])
.of_a_line();

static NEEDS_NEWER_VERSION: Code = Code::error(
    "needs-newer-version",
    "a directive or an option is used that the version given with --target does not have",
    include_str!("lower/needs_newer_version.md"),
)
.predicts(&["AH00526"]);

static REMOVED_DIRECTIVE: Code = Code::error(
    "removed-directive",
    "a directive is used that no longer exists",
    include_str!("lower/removed_directive.md"),
)
.predicts(&["AH00526"]);

static MODULE_NOT_LOADED: Code = Code::warning(
    "module-not-loaded",
    "a directive is used whose module is not loaded",
    include_str!("lower/module_not_loaded.md"),
)
.predicts(&["AH00526"]);

static NOT_ALLOWED_HERE: Code = Code::error(
    "directive-not-allowed-here",
    "a directive stands where it is not allowed",
    include_str!("lower/directive_not_allowed_here.md"),
)
.predicts(&["AH00526"])
.of_a_line();

static MISSING_ARGUMENT: Code =
    Code::error("missing-argument", "a directive is given too little", include_str!("lower/missing_argument.md"))
        .predicts(&["AH00526"]);

static TOO_MANY_ARGUMENTS: Code =
    Code::error("too-many-arguments", "a directive is given too much", include_str!("lower/too_many_arguments.md"))
        .predicts(&["AH00526"])
        .of_a_line();

static UNKNOWN_OPTION: Code = Code::error(
    "unknown-option",
    "an option is given that the directive does not have",
    include_str!("lower/unknown_option.md"),
)
.predicts(&["AH00526"])
.of_a_line();

static MALFORMED_OPTION: Code =
    Code::error("malformed-option", "an option is not written `name=value`", include_str!("lower/malformed_option.md"))
        .predicts(&["AH00526"])
        .of_a_line();

static REPEATED_OPTION: Code = Code::warning(
    "repeated-option",
    "an option is given twice, and the last one counts",
    include_str!("lower/repeated_option.md"),
)
.of_a_line();

static UNSUPPORTED_DIRECTIVE: Code = Code::error(
    "unsupported-directive",
    "wsgi-serve does not carry out this directive",
    include_str!("lower/unsupported_directive.md"),
);

static NO_EFFECT_HERE: Code = Code::warning(
    "no-effect-here",
    "wsgi-serve has no use for this directive",
    include_str!("lower/no_effect_here.md"),
);

static VIRTUAL_HOST_ADDRESS_IGNORED: Code = Code::warning(
    "virtual-host-address-ignored",
    "Apache ignores the address of a virtual host and goes on without it",
    include_str!("lower/virtual_host_address_ignored.md"),
)
.predicts(&["AH00547"]);

static ELSE_WITHOUT_IF: Code = Code::error(
    "else-without-if",
    "`<Else>` or `<ElseIf>` belongs to no `<If>`",
    include_str!("lower/else_without_if.md"),
)
.predicts(&["AH00526"]);

static INVALID_EXPRESSION: Code =
    Code::error("invalid-expression", "an expression cannot be read", include_str!("lower/invalid_expression.md"))
        .predicts(&["AH00526"])
        .of_a_line();

static EMPTY_CONTAINER: Code = Code::error(
    "empty-container",
    "a section of requirements lets nobody in",
    include_str!("lower/empty_container.md"),
)
.predicts(&["AH01624"]);

static MISPLACED_NEGATION: Code = Code::error(
    "misplaced-negation",
    "a requirement that only keeps people out stands where one is enough to get in",
    include_str!("lower/misplaced_negation.md"),
)
.predicts(&["AH00526"]);

static STOPS_ITSELF: Code = Code::error(
    "stops-itself",
    "the configuration stops the start of Apache with `Error`",
    include_str!("lower/stops_itself.md"),
)
.predicts(&["AH00526"]);
