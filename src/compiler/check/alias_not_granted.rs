//! What is merged for the target of an alias ends in `Require all denied`.

use super::Check;
use super::access::Access;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Alias, Server, without_trailing_slash};

pub(super) const CHECK: Check = Check { code: &ALIAS_NOT_GRANTED, run };

static ALIAS_NOT_GRANTED: Code = Code::warning(
    "alias-not-granted",
    "nobody may reach the files of an alias: every request is answered with 403",
    include_str!("alias_not_granted.md"),
)
.of_absence()
.predicts(&["AH01630"]);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let Some(access) = Access::of(server, host, host.aliases.len()) else { continue };
        for alias in host.aliases.iter().filter(|alias| alias.target.value.starts_with('/')) {
            judge(alias, &access, report);
        }
    }
}

fn judge(alias: &Alias, access: &Access<'_>, report: &mut Report) {
    let target = without_trailing_slash(&alias.target.value);
    let is_file = target.rsplit('/').next().is_some_and(|name| name.contains('.'));
    if access.speaks_of_parts(&alias.url_path.value, target) {
        return;
    }
    // Of a folder, any file in it is asked for.
    let (url_path, file) = if is_file {
        (alias.url_path.value.clone(), target.to_owned())
    } else {
        (format!("{}/file", alias.url_path.value.trim_end_matches('/')), format!("{target}/file"))
    };
    if let Some(denial) = access.denial(&url_path, &file) {
        let found = ALIAS_NOT_GRANTED.at(alias.target.span, "denied to all");
        let mut found = found.and(denial.span, "this holds for the files");
        if let Some(useless) = denial.useless.and_then(|settings| settings.allow.first()) {
            found = found.and(useless.span, "does not lift `Require all denied`");
        }
        let folder = if is_file { target.rsplit_once('/').map_or("/", |(folder, _)| folder) } else { target };
        report.push(found.help(format!("add `<Directory {folder}>` with `Require all granted` in it")));
    }
}
