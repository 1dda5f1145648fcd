//! What lies in the folder of an alias is served as a file.

use std::collections::HashMap;

use super::Check;
use super::access::Access;
use super::taken::Taken;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Mount, Server, normalised, path_below, without_trailing_slash};

pub(super) const CHECK: Check = Check { code: &SCRIPT_UNDER_ALIAS, run };

static SCRIPT_UNDER_ALIAS: Code = Code::warning(
    "script-under-alias",
    "a script lies in the folder of an alias, where its source can be downloaded",
    include_str!("script_under_alias.md"),
);

fn run(server: &Server, report: &mut Report) {
    // A handler may run the file.
    if server.beyond.macros || server.beyond.other_scripts {
        return;
    }
    for host in &server.hosts {
        let Some(access) = Access::of(server, host, host.aliases.len()) else { continue };
        let Some(taken) = Taken::of(server, host, host.aliases.len()) else { continue };
        let scripts = Scripts::of(server, host);
        for alias in &host.aliases {
            let folder = without_trailing_slash(&alias.target.value);
            let below =
                scripts.first_below(folder).and_then(|mount| Some((mount, path_below(&mount.script.value, folder)?)));
            if let Some((mount, rest)) = below {
                let url = format!("{}/{}", alias.url_path.value.trim_end_matches('/'), rest.trim_start_matches('/'));
                if taken.takes(&url) || !access.lets_in(&url, &mount.script.value) {
                    continue;
                }
                let found = SCRIPT_UNDER_ALIAS.at(alias.target.span, format!("`{url}` is the source"));
                let found = found.and(mount.script.span, "the script lies in it");
                report.push(found.help("let the alias name a folder without code"));
            }
        }
    }
}

/// By each folder above a script the first mount whose script lies below it.
struct Scripts<'a>(HashMap<String, &'a Mount>);

impl<'a> Scripts<'a> {
    fn of(server: &'a Server, host: &'a Host) -> Self {
        let mut first = HashMap::new();
        for mount in server.mounts_of(host) {
            let script = normalised(&mount.script.value);
            let mut folder = &*script;
            while let Some(slash) = folder.rfind('/') {
                folder = &script[..slash];
                let name = if folder.is_empty() { "/" } else { folder };
                if first.contains_key(name) {
                    // Whoever came first has those above it as well.
                    break;
                }
                first.insert(name.to_owned(), mount);
            }
        }
        Self(first)
    }

    fn first_below(&self, folder: &str) -> Option<&'a Mount> {
        self.0.get(&*normalised(folder)).copied()
    }
}
