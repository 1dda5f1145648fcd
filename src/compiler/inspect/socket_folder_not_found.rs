//! `WSGISocketPrefix` in a folder that is not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;

pub(super) const INSPECTION: Inspection = Inspection { code: &SOCKET_FOLDER_NOT_FOUND, run };

static SOCKET_FOLDER_NOT_FOUND: Code = Code::error(
    "socket-folder-not-found",
    "the folder for the sockets of process groups is not there",
    include_str!("socket_folder_not_found.md"),
)
.predicts(&["WSGI0013"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // Our own runtime has no use for it.
    if deployment.server.judge == Judge::WsgiServe || deployment.server.process_groups.is_empty() {
        return;
    }
    for prefix in deployment.first_words("WSGISocketPrefix") {
        let Some(path) = deployment.path(&prefix.value) else { continue };
        let folder = path.rsplit_once('/').map_or("/", |(folder, _)| folder);
        if !folder.is_empty() && deployment.is_missing(folder) {
            let found = SOCKET_FOLDER_NOT_FOUND.at(prefix.span, format!("no folder `{folder}`"));
            report.push(found.help("name a file in a folder that is there, such as `/run/apache2/wsgi`"));
        }
    }
}
