//! The directives of mod_wsgi that name scripts which are no mounts: loaded ahead, as handlers, or to choose groups.

use super::wsgi::{BASE, SECTIONS, SERVERS, application_group, process_group};
use super::{Args, Context, Effect, INVALID_VALUE, Kind, Scope, Spec, arg};
use crate::compiler::model::{AskedScript, HandlerScript, Import};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGIImportScript",
        summary: "Loads a script when the process starts.",
        contexts: SERVERS,
        args: &[arg("file-path", Kind::Path)],
        options: &[arg("process-group", Kind::Text), arg("application-group", Kind::Text)],
        example: "WSGIDaemonProcess shop\nWSGIImportScript /srv/shop/app.wsgi process-group=shop application-group=%{GLOBAL}",
        explain: include_str!("wsgi_import_script.md"),
        effect: Effect::Lower(import_script),
        ..BASE
    },
    Spec {
        name: "WSGIHandlerScript",
        summary: "Defines a handler that a WSGI script carries out.",
        contexts: SECTIONS,
        args: &[arg("name", Kind::Text), arg("file-path", Kind::Path)],
        options: &[
            arg("process-group", Kind::Text),
            arg("application-group", Kind::Text),
            arg("pass-authorization", Kind::Flag),
        ],
        example: "WSGIHandlerScript page /srv/page.py",
        explain: include_str!("wsgi_handler_script.md"),
        effect: Effect::Lower(|args, scope| {
            let handler = HandlerScript {
                name: args.take("name"),
                script: args.take("file-path"),
                process_group: args.option("process-group").map(process_group),
                application_group: args.option("application-group").map(application_group),
                pass_authorization: args.option("pass-authorization"),
            };
            scope.settings().handler_scripts.push(handler);
        }),
        ..BASE
    },
    Spec {
        name: "WSGIDispatchScript",
        summary: "A script that chooses the groups and the callable of each request.",
        contexts: SECTIONS,
        args: &[arg("file-path", Kind::Path)],
        options: &[arg("application-group", Kind::Text)],
        example: "WSGIDispatchScript /srv/dispatch.py",
        explain: include_str!("wsgi_dispatch_script.md"),
        effect: Effect::Lower(|args, scope| scope.settings().dispatch_script = Some(asked_script(args))),
        ..BASE
    },
    Spec {
        name: "WSGIAccessScript",
        summary: "A script that decides by the client's host who gets in.",
        example: "<Location /shop>\nWSGIAccessScript /srv/shop/access.py\n</Location>",
        explain: include_str!("wsgi_access_script.md"),
        effect: Effect::Lower(|args, scope| scope.settings().access_script = Some(asked_script(args))),
        ..ASKED
    },
    Spec {
        name: "WSGIAuthUserScript",
        summary: "A script that checks names and passwords.",
        example: "<Location /shop>\nAuthType Basic\nAuthName shop\nAuthBasicProvider wsgi\nWSGIAuthUserScript /srv/shop/auth.py\nRequire valid-user\n</Location>",
        explain: include_str!("wsgi_auth_user_script.md"),
        effect: Effect::Lower(|args, scope| scope.settings().authentication.user_script = Some(asked_script(args))),
        ..ASKED
    },
    Spec {
        name: "WSGIAuthGroupScript",
        summary: "A script that says which groups a user is in.",
        example: "<Location /shop>\nAuthType Basic\nAuthName shop\nAuthBasicProvider wsgi\nWSGIAuthUserScript /srv/shop/auth.py\nWSGIAuthGroupScript /srv/shop/auth.py\nRequire wsgi-group staff\n</Location>",
        explain: include_str!("wsgi_auth_group_script.md"),
        effect: Effect::Lower(|args, scope| scope.settings().authentication.group_script = Some(asked_script(args))),
        ..ASKED
    },
];

/// A script that is asked who may see something.
const ASKED: Spec = Spec {
    contexts: &[Context::Directory, Context::Htaccess],
    args: &[arg("file-path", Kind::Path)],
    options: &[arg("application-group", Kind::Text)],
    ..BASE
};

fn asked_script(args: &mut Args) -> AskedScript {
    let script = args.take("file-path");
    AskedScript { script, application_group: args.option("application-group").map(application_group) }
}

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
