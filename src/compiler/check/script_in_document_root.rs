//! What lies in the `DocumentRoot` is served as a file.

use super::Check;
use super::access::Access;
use super::taken::Taken;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Server, path_below, starts_with_path};

pub(super) const CHECK: Check = Check { code: &SCRIPT_IN_DOCUMENT_ROOT, run };

static SCRIPT_IN_DOCUMENT_ROOT: Code = Code::warning(
    "script-in-document-root",
    "a script lies in the DocumentRoot, where its source can be downloaded",
    include_str!("script_in_document_root.md"),
);

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let Some(root) = host.document_root.as_ref().or(server.main().document_root.as_ref()) else { continue };
        // An application at `/` takes every URL, also that of its own source.
        if server.beyond.macros
            || server.beyond.other_scripts
            || server.mounts_of(host).any(|mount| mount.url_path.value == "/")
        {
            continue;
        }
        let Some(access) = Access::of(server, host, host.mounts.len()) else { continue };
        let Some(taken) = Taken::of(server, host, host.mounts.len()) else { continue };
        for mount in &host.mounts {
            let script = &mount.script.value;
            let Some(url) = path_below(script, &root.value) else { continue };
            // Requests for the file itself may lead elsewhere.
            let mounted = server.mounts_of(host).any(|mount| starts_with_path(&url, &mount.url_path.value));
            if mounted || taken.takes(&url) || !access.lets_in(&url, script) {
                continue;
            }
            let found = SCRIPT_IN_DOCUMENT_ROOT.at(mount.script.span, "can be downloaded");
            report.push(found.and(root.span, "served as files").help("put the script into a folder of its own"));
        }
    }
}
