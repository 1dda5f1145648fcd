//! Neither Apache nor mod_wsgi serves requests as root.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;
use crate::compiler::source::Spanned;

pub(super) const CHECK: Check = Check { code: &RUNS_AS_ROOT, run };

static RUNS_AS_ROOT: Code = Code::error(
    "runs-as-root",
    "requests would be answered as root, which is refused",
    include_str!("runs_as_root.md"),
)
.of_absence()
.predicts(&["AH00526"]);

fn run(server: &Server, report: &mut Report) {
    let of_groups = server.process_groups.iter().filter_map(|group| group.user.as_ref());
    for user in server.user.iter().chain(of_groups).filter(|user| is_root(user)) {
        let found = RUNS_AS_ROOT.at(user.span, "is root");
        report.push(found.help("name an account of its own, such as `www-data`"));
    }
}

/// `root`, `#0`, and `#00`.
fn is_root(user: &Spanned<String>) -> bool {
    let number = user.value.strip_prefix('#').and_then(|number| number.parse::<u64>().ok());
    user.value == "root" || number == Some(0)
}
