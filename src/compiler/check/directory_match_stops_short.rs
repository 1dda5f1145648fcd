//! `<DirectoryMatch>` is compared with the whole name of the script.

use super::Check;
use super::effect::MOST_COMPARISONS;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server};
use crate::plan::sections::Match;
use regex::Regex;

pub(super) const CHECK: Check = Check { code: &DIRECTORY_MATCH_STOPS_SHORT, run };

static DIRECTORY_MATCH_STOPS_SHORT: Code = Code::warning(
    "directory-match-stops-short",
    "a `<DirectoryMatch>` finds the folder of a script and not the script",
    include_str!("directory_match_stops_short.md"),
);

fn run(server: &Server, report: &mut Report) {
    let mounts = server.mounts().count();
    let mut left = MOST_COMPARISONS;
    for section in server.hosts.iter().flat_map(|host| &host.sections) {
        let Matcher::Plain(Match::DirectoryRegex(text)) = &section.matcher else { continue };
        let Some(regex) = Regex::new(text).ok().filter(|_| text.ends_with('$')) else { continue };
        left = left.saturating_sub(mounts);
        if left == 0 {
            return;
        }
        let short = server.mounts().find(|mount| {
            let script = mount.script.value.as_str();
            let Some((folder, _)) = script.rsplit_once('/') else { return false };
            !regex.is_match(script) && (regex.is_match(folder) || regex.is_match(&format!("{folder}/")))
        });
        if let Some(mount) = short {
            let found = DIRECTORY_MATCH_STOPS_SHORT.at(section.span, "ends before the script");
            let found = found.and(mount.script.span, "compared with all of this");
            report.push(found.help(format!("write `\"{}/\"`", text.trim_end_matches('$').trim_end_matches('/'))));
        }
    }
}
