//! The rest of the URL is glued to the target as text.

use super::Check;
use crate::compiler::diagnostic::{Code, Edit, Report};
use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &SLASH_MISMATCH, run };

static SLASH_MISMATCH: Code = Code::warning(
    "slash-mismatch",
    "the URL path ends in a slash and its target does not",
    include_str!("slash_mismatch.md"),
)
.predicts(&["AH01630", "WSGI0135"]);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        // `WSGIScriptAlias /` alone is made for it.
        let mounts = host.mounts.iter().filter(|mount| mount.url_path.value != "/");
        for (url_path, target, to_file) in mounts
            .map(|mount| (&mount.url_path, &mount.script, false))
            .chain(host.aliases.iter().map(|alias| (&alias.url_path, &alias.target, is_like_file(&alias.target.value))))
        {
            if url_path.value.ends_with('/') && !target.value.ends_with('/') {
                report_mismatch(url_path, target, to_file, report);
            }
        }
    }
}

fn report_mismatch(url_path: &Spanned<String>, target: &Spanned<String>, to_file: bool, report: &mut Report) {
    let example = format!("`{}x` becomes `{}x`", url_path.value, target.value);
    let found = SLASH_MISMATCH.at(target.span, example).and(url_path.span, "ends in a slash");
    if to_file {
        // What one file answers ends nowhere but there: an expression says so.
        report.push(found.help("use `AliasMatch` with `$` at the end for a single file"));
        return;
    }
    let (wrong, right) = match url_path.value.as_str() {
        "/" => (target, format!("{}/", target.value)),
        path => (url_path, path.trim_end_matches('/').to_owned()),
    };
    let edit = Edit::replace(wrong.span, wrong.value.as_str(), right.as_str());
    report.push(found.help(format!("write `{right}`")).repair(format!("Write `{right}`"), vec![edit]));
}

/// Whether the last name of a path has an ending, as that of a page.
fn is_like_file(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    name.rsplit_once('.').is_some_and(|(stem, ending)| !stem.is_empty() && !ending.is_empty())
}
