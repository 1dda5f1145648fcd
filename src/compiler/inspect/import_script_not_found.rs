//! `WSGIImportScript` of a file that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &IMPORT_SCRIPT_NOT_FOUND, run };

static IMPORT_SCRIPT_NOT_FOUND: Code = Code::warning(
    "import-script-not-found",
    "a script that is to be loaded at start is not there",
    include_str!("import_script_not_found.md"),
)
.predicts(&["WSGI0106"]);

const DIRECTIVES: [&str; 4] = ["WSGIImportScript", "WSGIAccessScript", "WSGIAuthUserScript", "WSGIAuthGroupScript"];

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for word in DIRECTIVES.iter().flat_map(|name| deployment.first_words(name)) {
        let Some(path) = deployment.path(&word.value) else { continue };
        if deployment.is_missing(&path) {
            let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
            report.push(IMPORT_SCRIPT_NOT_FOUND.at(word.span, "no such file").maybe_help(help));
        }
    }
}
