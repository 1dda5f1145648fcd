//! The directives of mod_wsgi that name scripts which are no mounts: loaded ahead, as handlers, or to choose groups.

use super::wsgi::{BASE, SERVERS, application_group, process_group};
use super::{Args, Effect, INVALID_VALUE, Kind, Scope, Spec, arg};
use crate::compiler::model::Import;

pub(super) const SPECS: &[Spec] = &[Spec {
    name: "WSGIImportScript",
    summary: "Loads a script when the process starts.",
    contexts: SERVERS,
    args: &[arg("file-path", Kind::Path)],
    options: &[arg("process-group", Kind::Text), arg("application-group", Kind::Text)],
    example: "WSGIDaemonProcess shop\nWSGIImportScript /srv/shop/app.wsgi process-group=shop application-group=%{GLOBAL}",
    explain: include_str!("wsgi_import_script.md"),
    effect: Effect::Lower(import_script),
    ..BASE
}];

/// Both groups must be named: a script is loaded in one interpreter.
fn import_script(args: &mut Args, scope: &mut Scope<'_>) {
    let script = args.take("file-path");
    let (application_group, process_group) =
        (args.option("application-group").map(application_group), args.option("process-group").map(process_group));
    let missing = |name: &str| {
        let found = INVALID_VALUE.at(args.span, format!("`{name}` is missing"));
        let found = found.says("a script is loaded in no interpreter");
        found.help(format!("add `{name}=%{{GLOBAL}}`, or the group's name"))
    };
    match (application_group, process_group) {
        (None, _) => scope.report.push(missing("application-group")),
        (_, None) => scope.report.push(missing("process-group")),
        (Some(application_group), Some(process_group)) => {
            scope.server.loads += 1;
            let order = scope.server.loads;
            scope.server.imports.push(Import { script, process_group, application_group, order });
        }
    }
}
