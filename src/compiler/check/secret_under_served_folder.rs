//! Passwords and keys belong where no URL leads.

use super::Check;
use super::access::Access;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Line, Server, path_below};
use crate::compiler::source::Span;

pub(super) const CHECK: Check = Check { code: &SECRET_UNDER_SERVED_FOLDER, run };

static SECRET_UNDER_SERVED_FOLDER: Code = Code::warning(
    "secret-under-served-folder",
    "a file of passwords or keys lies where it can be downloaded",
    include_str!("secret_under_served_folder.md"),
);

fn run(server: &Server, report: &mut Report) {
    let secrets = ["AuthUserFile", "SSLCertificateKeyFile"].map(|name| server.lines(name)).concat();
    // The distributions deny all files that begin with `.ht`.
    let open = |line: &&&Line| !line.word(0).rsplit('/').next().is_some_and(|name| name.starts_with(".ht"));
    for secret in secrets.iter().filter(open) {
        let line = server.hosts.iter().find_map(|host| served(server, host, secret.word(0)));
        if let Some(line) = line {
            let found = SECRET_UNDER_SERVED_FOLDER.at(secret.words[0].span, "can be downloaded");
            report.push(found.and(line, "served as files").help("put the file into `/etc/apache2`"));
        }
    }
}

/// The line by which a host serves a file.
fn served(server: &Server, host: &Host, file: &str) -> Option<Span> {
    let access = Access::of(server, host, 1)?;
    let is_open = |url_path: &str, folder: &str| {
        let url = path_below(file, folder).map(|rest| format!("{}{rest}", url_path.trim_end_matches('/')));
        url.is_some_and(|url| access.lets_in(&url, file))
    };
    // An application at `/` takes every URL that no alias takes.
    let covered = server.mounts_of(host).any(|mount| mount.url_path.value == "/");
    let alias = host.aliases.iter().find(|alias| is_open(&alias.url_path.value, &alias.target.value));
    let root = host.document_root.as_ref().filter(|root| !covered && is_open("", &root.value));
    alias.map(|alias| alias.target.span).or_else(|| root.map(|root| root.span))
}
