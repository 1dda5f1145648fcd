//! `.htaccess` files are looked for in folders that are named plainly.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Matcher, Server};
use crate::plan::sections::Match;

pub(super) const CHECK: Check = Check { code: &ALLOW_OVERRIDE_OUT_OF_PLACE, run };

static ALLOW_OVERRIDE_OUT_OF_PLACE: Code = Code::warning(
    "allow-override-out-of-place",
    "`AllowOverride` does nothing here",
    include_str!("allow_override_out_of_place.md"),
)
.predicts(&["AH00114"]);

fn run(server: &Server, report: &mut Report) {
    server.visit(&mut |_, section, settings| {
        let Some(section) = section else { return };
        let folder = matches!(
            &section.matcher,
            Matcher::Plain(Match::Directory(_) | Match::DirectoryPattern(_) | Match::DirectoryRegex(_))
                | Matcher::Unknown
        );
        for line in settings.lines("AllowOverride").filter(|_| !folder) {
            let found = ALLOW_OVERRIDE_OUT_OF_PLACE.at(line.span, "not about a folder");
            let found = found.and(section.span, "this is about URLs or names");
            report.push(found.help("move the line into a `<Directory>`"));
        }
    });
}
