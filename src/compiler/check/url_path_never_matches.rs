//! A mount is compared with the path of the URL, decoded and without its query.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &URL_PATH_NEVER_MATCHES, run };

static URL_PATH_NEVER_MATCHES: Code = Code::warning(
    "url-path-never-matches",
    "the path of a mount or an alias is none that a URL can have",
    include_str!("url_path_never_matches.md"),
);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let mounts = host.mounts.iter().map(|mount| &mount.url_path);
        for path in mounts.chain(host.aliases.iter().map(|alias| &alias.url_path)) {
            judge(path, report);
        }
    }
}

fn judge(path: &Spanned<String>, report: &mut Report) {
    let text = path.value.as_str();
    let encoded =
        text.split('%').skip(1).any(|rest| rest.as_bytes().iter().take(2).all(u8::is_ascii_hexdigit) && rest.len() > 1);
    let slash = format!("write `/{text}`");
    let (label, help) = if text.contains('^') || text.contains(".+") {
        ("no regular expression", "for a regular expression use the directive with `Match`")
    } else if !text.starts_with('/') {
        ("does not begin with `/`", slash.as_str())
    } else if text.contains('?') {
        ("a query is never compared", "delete what begins with `?`")
    } else if text.contains('*') {
        ("`*` means itself", "write the beginning of the path alone")
    } else if encoded {
        ("compared with the decoded URL", "write the character itself")
    } else {
        return;
    };
    report.push(URL_PATH_NEVER_MATCHES.at(path.span, label).help(help));
}
