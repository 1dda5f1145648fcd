//! The directives of Apache and mod_wsgi by name: where each may stand, how many words it takes, and what is lost where our
//! runtime leaves it out. All of it is data, in the tables beside this file.

use std::collections::HashMap;
use std::sync::LazyLock;

use super::Context;
use crate::compiler::diagnostic::Severity;
use crate::compiler::model::Line;

/// A directive that is known by name.
#[derive(Debug)]
pub struct Known {
    /// Its name, `<Name` for a section.
    pub name: &'static str,
    /// The source files of the modules that have it, separated by commas.
    pub module: &'static str,
    /// Where it may stand.
    pub contexts: Vec<Context>,
    /// Which per-directory sections take it.
    pub directory_kinds: Vec<&'static str>,
    /// How many words it takes.
    pub args: ArgsRule,
    /// What each word must be one of; empty where it may be anything.
    pub choices: Vec<&'static str>,
    /// What is lost where our runtime leaves it out.
    pub unsupported: Unsupported,
    /// Its lines are kept for the checks.
    pub checked: bool,
}

/// What is lost where a directive is left out.
#[derive(Debug, Clone, Copy)]
pub struct Unsupported {
    /// Whether that may change who sees what, or what is answered.
    pub severity: Severity,
    /// A few words.
    pub what: &'static str,
}

/// How many words a directive takes, as httpd's table says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArgsRule {
    /// At least.
    pub least: usize,
    /// At most; `None` when it reads its line on its own.
    pub most: Option<usize>,
    /// The one word is `On` or `Off`, and what follows is ignored.
    pub flag: bool,
    /// It reads the untouched line: quotes mean what it says they mean.
    pub raw: bool,
}

static ALL: LazyLock<Vec<Known>> = LazyLock::new(|| {
    let unsupported = unsupported();
    let choices: HashMap<&str, &str> = rows(include_str!("domains.tsv")).map(|row| (row[0], row[1])).collect();
    let rows = rows(include_str!("httpd.tsv")).chain(rows(include_str!("mod_wsgi.tsv")));
    rows.map(|row| known(&row, &unsupported, &choices)).collect()
});

static REMOVED: LazyLock<HashMap<String, &'static str>> =
    LazyLock::new(|| rows(include_str!("removed.tsv")).map(|row| (row[0].to_ascii_lowercase(), row[1])).collect());

pub(super) fn all() -> &'static [Known] {
    &ALL
}

/// What to write in the place of a directive that is gone.
pub fn removed(name: &str) -> Option<&'static str> {
    REMOVED.get(&name.to_ascii_lowercase()).copied()
}

/// Beginnings of the names of directives of modules that are often added to Apache.
const STRANGERS: [(&str, &str); 43] = [
    ("php_", "mod_php"),
    ("Passenger", "mod_passenger"),
    ("Sec", "mod_security"),
    ("XSendFile", "mod_xsendfile"),
    ("DOS", "mod_evasive"),
    ("GeoIP", "mod_geoip"),
    ("Perl", "mod_perl"),
    ("RPAF", "mod_rpaf"),
    ("OIDC", "mod_auth_openidc"),
    ("Mellon", "mod_auth_mellon"),
    ("Shib", "mod_shib"),
    ("SVN", "mod_dav_svn"),
    ("AuthzSVN", "mod_authz_svn"),
    ("Gssapi", "mod_auth_gssapi"),
    ("Krb", "mod_auth_kerb"),
    ("Fcgid", "mod_fcgid"),
    ("Jk", "mod_jk"),
    ("Python", "mod_python"),
    ("CAS", "mod_auth_cas"),
    ("TKTAuth", "mod_auth_tkt"),
    ("MaxMindDB", "mod_maxminddb"),
    ("RMode", "mod_ruid2"),
    ("RUidGid", "mod_ruid2"),
    ("RMinUidGid", "mod_ruid2"),
    ("RDefaultUidGid", "mod_ruid2"),
    ("RDocumentChRoot", "mod_ruid2"),
    ("suPHP_", "mod_suphp"),
    ("QS_", "mod_qos"),
    ("AuthExternal", "mod_authnz_external"),
    ("GroupExternal", "mod_authnz_external"),
    ("DefineExternal", "mod_authnz_external"),
    ("AddExternal", "mod_authnz_external"),
    ("GnuTLS", "mod_gnutls"),
    ("NSS", "mod_nss"),
    ("LookupUserByCertificate", "mod_lookup_identity"),
    ("LookupUser", "mod_lookup_identity"),
    ("LookupOutput", "mod_lookup_identity"),
    ("AssignUserID", "mpm_itk"),
    ("AssignGroupID", "mpm_itk"),
    ("MaxClientsVHost", "mpm_itk"),
    ("NiceValue", "mpm_itk"),
    ("LimitUIDRange", "mpm_itk"),
    ("LimitGIDRange", "mpm_itk"),
];

/// The module that has directives with names like this, if it is one that people add to Apache.
pub fn stranger(name: &str) -> Option<&'static str> {
    STRANGERS.iter().find(|(start, _)| name.starts_with(start)).map(|(_, module)| *module)
}

/// The columns of the rows of a table, without its heading.
pub(super) fn rows(table: &'static str) -> impl Iterator<Item = Vec<&'static str>> {
    table.lines().skip(1).map(|line| line.split('\t').collect())
}

/// What is lost, by directive or module in lower case.
fn unsupported() -> HashMap<String, Unsupported> {
    rows(include_str!("unsupported.tsv"))
        .map(|row| {
            let severity = if row[1] == "warning" { Severity::Warning } else { Severity::Error };
            (row[0].to_ascii_lowercase(), Unsupported { severity, what: row[2] })
        })
        .collect()
}

fn known(
    row: &[&'static str],
    unsupported: &HashMap<String, Unsupported>,
    choices: &HashMap<&str, &'static str>,
) -> Known {
    let [name, module, _, contexts, _, args, _, kinds, ..] = *row else {
        unreachable!("every row of the table has nine columns")
    };
    let graded = |key: &str| unsupported.get(&key.to_ascii_lowercase()).copied();
    Known {
        name,
        module,
        contexts: contexts.split(',').filter_map(context).collect(),
        directory_kinds: kinds.split(',').filter(|kind| *kind != "-").collect(),
        args: args_rule(args),
        choices: choices.get(name).map(|choices| choices.split(' ').collect()).unwrap_or_default(),
        checked: Line::is_checked(name),
        unsupported: graded(name)
            .or_else(|| graded(module))
            .unwrap_or(Unsupported { severity: Severity::Error, what: "what it does" }),
    }
}

fn context(name: &str) -> Option<Context> {
    Some(match name {
        "server" => Context::ServerConfig,
        "vhost" => Context::VirtualHost,
        "directory" => Context::Directory,
        "htaccess" => Context::Htaccess,
        _ => return None,
    })
}

fn args_rule(name: &str) -> ArgsRule {
    let (least, most) = match name {
        "TAKE1" | "FLAG" => (1, Some(1)),
        "TAKE2" => (2, Some(2)),
        "TAKE3" => (3, Some(3)),
        "TAKE12" => (1, Some(2)),
        "TAKE23" => (2, Some(3)),
        "TAKE123" => (1, Some(3)),
        "ITERATE" => (1, None),
        "ITERATE2" => (2, None),
        _ => (0, None),
    };
    ArgsRule { least, most, flag: name == "FLAG", raw: name == "RAW_ARGS" }
}
