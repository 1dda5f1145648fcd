//! Files: `Alias`, `Options`, `AllowOverride`, and the variables that requests carry.

use super::{Args, Context, Effect, INVALID_VALUE, Kind, Scope, Spec, arg};
use crate::compiler::diagnostic::{Severity, nearest};
use crate::compiler::model::{Alias, PatternAlias};
use crate::compiler::source::Spanned;
use crate::plan::sections::Switches;
use Context::{Directory, Htaccess, ServerConfig, VirtualHost};

const ANYWHERE: &[Context] = &[ServerConfig, VirtualHost, Directory, Htaccess];

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "Alias",
        summary: "Files or a folder at a URL path.",
        contexts: &[ServerConfig, VirtualHost],
        args: &[arg("URL-path", Kind::UrlPath), arg("file-path", Kind::Path)],
        options: &[],
        default: None,
        example: "Alias /static /srv/shop/static",
        explain: "",
        effect: Effect::Lower(|args, scope| {
            let alias = Alias { url_path: args.take("URL-path"), target: args.take("file-path") };
            scope.host.aliases.push(alias);
        }),
    },
    Spec {
        name: "AliasMatch",
        summary: "Files at the URL paths that a regular expression matches.",
        contexts: &[ServerConfig, VirtualHost],
        args: &[arg("regex", Kind::Regex), arg("file-path", Kind::Text)],
        example: "AliasMatch ^/([a-z]+)/static/(.*) /srv/sites/$1/static/$2",
        effect: Effect::Lower(|args, scope| {
            let alias = Alias { url_path: args.take("regex"), target: args.take("file-path") };
            let aliases_before = scope.host.aliases.len();
            scope.host.pattern_aliases.push(PatternAlias { alias, aliases_before });
        }),
        ..Spec::BASE
    },
    Spec {
        name: "Options",
        summary: "What the server may do in a folder.",
        contexts: ANYWHERE,
        args: &[arg("option", Kind::Text).any()],
        options: &[],
        default: Some("FollowSymLinks"),
        example: "Options -Indexes +FollowSymLinks",
        explain: "",
        effect: Effect::Lower(options),
    },
    Spec {
        name: "AllowOverride",
        summary: "What `.htaccess` files may set.",
        contexts: &[Directory],
        args: &[arg("class", Kind::Text).any()],
        options: &[],
        default: Some("None"),
        example: "<Directory /srv/shop>\n    AllowOverride None\n</Directory>",
        explain: "",
        effect: Effect::Lower(allow_override),
    },
    Spec {
        name: "SetHandler",
        summary: "What answers for the files here.",
        contexts: ANYWHERE,
        args: &[arg("handler", Kind::AnyText)],
        default: Some("None"),
        example: "<Directory /srv/pages>\n    SetHandler wsgi-script\n    Options +ExecCGI\n</Directory>",
        effect: Effect::Lower(|args, scope| scope.settings().handler = args.option("handler")),
        ..Spec::BASE
    },
    Spec {
        name: "AddHandler",
        summary: "What answers for files with these endings.",
        contexts: ANYWHERE,
        args: &[arg("handler", Kind::Text), arg("extension", Kind::Text).many()],
        example: "<Directory /srv/pages>\n    AddHandler wsgi-script .wsgi\n    Options +ExecCGI\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let handler = args.take::<String>("handler").map(|name| name.to_ascii_lowercase());
            for ending in args.many::<String>("extension") {
                let ending = ending.value.trim_start_matches('.').to_ascii_lowercase();
                scope.settings().handlers.push((ending, handler.clone()));
            }
        }),
        ..Spec::BASE
    },
    Spec {
        name: "AddType",
        summary: "The media type of files with these endings.",
        contexts: ANYWHERE,
        args: &[arg("media-type", Kind::Text), arg("extension", Kind::Text).many()],
        example: "AddType application/x-httpd-wsgi .wsgi",
        effect: Effect::Lower(|args, scope| {
            let media_type = args.take::<String>("media-type").value;
            for ending in args.many::<String>("extension") {
                let ending = ending.value.trim_start_matches('.').to_ascii_lowercase();
                scope.settings().types.push((ending, media_type.clone()));
            }
        }),
        ..Spec::BASE
    },
    Spec {
        name: "ForceType",
        summary: "The media type of all files here.",
        contexts: ANYWHERE,
        args: &[arg("media-type", Kind::Text)],
        default: Some("None"),
        example: "<Directory /srv/pages>\n    ForceType application/x-httpd-wsgi\n    Options +ExecCGI\n</Directory>",
        effect: Effect::Lower(|args, scope| scope.settings().forced_type = args.option("media-type")),
        ..Spec::BASE
    },
    Spec {
        name: "SetEnv",
        summary: "A variable of each request, in its `environ`.",
        contexts: ANYWHERE,
        args: &[arg("name", Kind::Text), arg("value", Kind::AnyText).optional()],
        options: &[],
        default: None,
        example: "SetEnv trac.env_path /srv/trac",
        explain: "",
        effect: Effect::Lower(|args, scope| {
            let name = args.take::<String>("name");
            let value = args.option::<String>("value").map(|value| value.value).unwrap_or_default();
            scope.settings().set_env.push(name.map(|name| (name, value)));
        }),
    },
];

const OPTIONS: [&str; 9] = [
    "All",
    "None",
    "Indexes",
    "Includes",
    "IncludesNOEXEC",
    "FollowSymLinks",
    "SymLinksIfOwnerMatch",
    "ExecCGI",
    "MultiViews",
];

/// Either all options stand alone and replace what was inherited, or each has a `+` or `-` and changes it.
fn options(args: &mut Args, scope: &mut Scope) {
    let words = args.many::<String>("option");
    let signed = |word: &Spanned<String>| word.value.starts_with(['+', '-']);
    if let (Some(bare), Some(sign)) = (words.iter().find(|word| !signed(word)), words.iter().find(|word| signed(word)))
    {
        let help = "write `+` or `-` before every option, or before none";
        let label = "mixed with options that have a `+` or `-`";
        let span = if bare.span.start < sign.span.start { sign.span } else { bare.span };
        scope.invalid(span, label, Some(help.to_owned()));
        return;
    }
    let mut switches = Switches::default();
    if words.first().is_some_and(|word| !signed(word)) {
        switches =
            Switches { exec_cgi: Some(false), follow_sym_links: Some(false), sym_links_if_owner_match: Some(false) };
    }
    for word in words {
        let (on, name) = match word.value.strip_prefix('-') {
            Some(name) => (false, name),
            None => (true, word.value.strip_prefix('+').unwrap_or(&word.value)),
        };
        if name.eq_ignore_ascii_case("all") && signed(&word) {
            scope.invalid(word.span, "`All` takes no `+` or `-`", Some("name the options one by one".to_owned()));
        } else if !switch(&mut switches, name, on) {
            let help = nearest(name, OPTIONS).map(|near| format!("did you mean `{near}`?"));
            scope.invalid(word.span, "no such option", help);
        } else if let (true, Some(why)) = (on, left_out(name)) {
            scope.unsupported(word.span, why, Severity::Warning);
        }
    }
    merge(&mut scope.settings().options, switches);
}

fn switch(switches: &mut Switches, name: &str, on: bool) -> bool {
    match name.to_ascii_lowercase().as_str() {
        "execcgi" => switches.exec_cgi = Some(on),
        "followsymlinks" => switches.follow_sym_links = Some(on),
        "symlinksifownermatch" => switches.sym_links_if_owner_match = Some(on),
        "all" => (switches.exec_cgi, switches.follow_sym_links) = (Some(on), Some(on)),
        "none" => {
            let off = Some(false);
            *switches = Switches { exec_cgi: off, follow_sym_links: off, sym_links_if_owner_match: off };
        }
        "indexes" | "includes" | "includesnoexec" | "multiviews" => {}
        _ => return false,
    }
    true
}

/// What our runtime does not do, whatever the options say.
fn left_out(name: &str) -> Option<&'static str> {
    match name.to_ascii_lowercase().as_str() {
        "indexes" => Some("lists of folders are not made"),
        "includes" | "includesnoexec" => Some("files are sent as they are"),
        "multiviews" => Some("no file is chosen by language or type"),
        _ => None,
    }
}

/// A second `Options` in the same section goes on from the first.
fn merge(switches: &mut Switches, later: Switches) {
    switches.exec_cgi = later.exec_cgi.or(switches.exec_cgi);
    switches.follow_sym_links = later.follow_sym_links.or(switches.follow_sym_links);
    switches.sym_links_if_owner_match = later.sym_links_if_owner_match.or(switches.sym_links_if_owner_match);
}

const CLASSES: [&str; 8] = ["All", "None", "AuthConfig", "FileInfo", "Indexes", "Limit", "Options", "Nonfatal"];

fn allow_override(args: &mut Args, scope: &mut Scope) {
    for word in args.many::<String>("class") {
        let (name, values) = word.value.split_once('=').map_or((word.value.as_str(), None), |(n, v)| (n, Some(v)));
        if !CLASSES.iter().any(|class| class.eq_ignore_ascii_case(name)) {
            let help = nearest(name, CLASSES).map(|near| format!("did you mean `{near}`?"));
            scope.invalid(word.span, "no such class of directives", help);
            continue;
        }
        let wrong = match (name.to_ascii_lowercase().as_str(), values) {
            ("options", Some(values)) => values
                .split(',')
                .find(|option| !OPTIONS.iter().any(|known| known.eq_ignore_ascii_case(option)))
                .map(|option| format!("`{option}` is no option")),
            ("nonfatal", value) => {
                let known = value.is_some_and(|value| {
                    ["Override", "Unknown", "All"].iter().any(|one| one.eq_ignore_ascii_case(value))
                });
                (!known).then(|| "write `Nonfatal=Override`, `Nonfatal=Unknown` or `Nonfatal=All`".to_owned())
            }
            _ => None,
        };
        if let Some(wrong) = wrong {
            let found = INVALID_VALUE.at(word.span, wrong);
            // Apache reads over a word behind `Nonfatal=` that it does not know.
            let read_over = name.eq_ignore_ascii_case("nonfatal") && values.is_some();
            scope.report.push(if read_over { found.graded(Severity::Warning) } else { found });
        } else if !name.eq_ignore_ascii_case("none") {
            scope.unsupported(word.span, "`.htaccess` files are not read", Severity::Error);
        }
    }
}
