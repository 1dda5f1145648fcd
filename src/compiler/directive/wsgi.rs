//! The directives of mod_wsgi that say where applications are and how they are called.

use super::{Arg, Args, Context, Effect, Kind, Scope, Spec, arg};
use crate::compiler::model::{ApplicationGroupName, GroupName, Mount, PatternMount};
use crate::compiler::source::Spanned;
use crate::plan::ApplicationGroup;
use Context::{Directory, Htaccess, ServerConfig, VirtualHost};

pub(super) const SERVERS: &[Context] = &[ServerConfig, VirtualHost];
pub(super) const SECTIONS: &[Context] = &[ServerConfig, VirtualHost, Directory];
pub(super) const ANYWHERE: &[Context] = &[ServerConfig, VirtualHost, Directory, Htaccess];

pub(super) const BASE: Spec = Spec::BASE;

pub(super) const FLAG: &[Arg] = &[arg("state", Kind::Flag)];

/// What `WSGIScriptAlias` and `WSGIScriptAliasMatch` take after the path.
pub(super) const SCRIPT_OPTIONS: &[Arg] = &[
    arg("process-group", Kind::Text),
    arg("application-group", Kind::Text),
    arg("callable-object", Kind::PythonName),
    arg("pass-authorization", Kind::Flag),
];

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGIScriptAlias",
        summary: "Mounts a WSGI script, or a folder of them, at a URL path.",
        contexts: SERVERS,
        args: &[arg("URL-path", Kind::UrlPath), arg("file-path", Kind::Path)],
        options: SCRIPT_OPTIONS,
        example: "WSGIScriptAlias /shop /srv/shop/app.wsgi application-group=%{GLOBAL}",
        explain: include_str!("wsgi_script_alias.md"),
        effect: Effect::Lower(script_alias),
        ..BASE
    },
    Spec {
        name: "WSGIScriptAliasMatch",
        summary: "Mounts WSGI scripts at the URL paths that a regular expression matches.",
        contexts: SERVERS,
        args: &[arg("regex", Kind::Regex), arg("file-path", Kind::Text)],
        options: SCRIPT_OPTIONS,
        example: "WSGIScriptAliasMatch ^/wiki(/.*)?$ /srv/wiki/app.wsgi",
        explain: include_str!("wsgi_script_alias_match.md"),
        effect: Effect::Lower(script_alias_match),
        ..BASE
    },
    Spec {
        name: "WSGIRestrictProcess",
        summary: "The process groups that applications here may use.",
        contexts: SECTIONS,
        args: &[arg("name", Kind::Text).any()],
        example: "WSGIDaemonProcess shop\nWSGIRestrictProcess shop\nWSGIProcessGroup shop\nWSGIScriptAlias / /srv/shop/app.wsgi",
        explain: include_str!("wsgi_restrict_process.md"),
        effect: Effect::Lower(|args, scope| {
            let name = |name: Spanned<String>| if name.value == "%{GLOBAL}" { String::new() } else { name.value };
            scope.settings().restrict_process = Some(args.many("name").into_iter().map(name).collect());
        }),
        ..BASE
    },
    Spec {
        name: "WSGIProcessGroup",
        summary: "Chooses the process group that runs the application.",
        contexts: SECTIONS,
        args: &[arg("name", Kind::Text)],
        default: Some("%{GLOBAL}"),
        example: "WSGIDaemonProcess shop\nWSGIProcessGroup shop\nWSGIScriptAlias / /srv/shop/app.wsgi",
        explain: include_str!("wsgi_process_group.md"),
        effect: Effect::Lower(|args, scope| {
            let name = args.take("name");
            scope.settings().process_group = Some(process_group(name));
        }),
        ..BASE
    },
    Spec {
        name: "WSGIApplicationGroup",
        summary: "Chooses the interpreter that runs the application.",
        contexts: SECTIONS,
        args: &[arg("name", Kind::Text)],
        default: Some("%{RESOURCE}"),
        example: "WSGIApplicationGroup %{GLOBAL}",
        explain: include_str!("wsgi_application_group.md"),
        effect: Effect::Lower(|args, scope| {
            let name = args.take("name");
            scope.settings().application_group = Some(application_group(name));
        }),
        ..BASE
    },
    Spec {
        name: "WSGICallableObject",
        summary: "The name of the application in the WSGI script.",
        contexts: ANYWHERE,
        args: &[arg("name", Kind::PythonName)],
        default: Some("application"),
        example: "WSGICallableObject app",
        explain: include_str!("wsgi_callable_object.md"),
        effect: Effect::Lower(|args, scope| {
            scope.settings().callable_object = Some(args.take("name"));
        }),
        ..BASE
    },
    Spec {
        name: "WSGIPassAuthorization",
        summary: "Whether the application sees the Authorization header.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIPassAuthorization On",
        explain: include_str!("wsgi_pass_authorization.md"),
        effect: Effect::Lower(|args, scope| scope.settings().pass_authorization = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIScriptReloading",
        summary: "Whether a changed WSGI script is loaded again.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("On"),
        example: "WSGIScriptReloading Off",
        explain: include_str!("wsgi_script_reloading.md"),
        effect: Effect::Lower(|args, scope| scope.settings().script_reloading = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIChunkedRequest",
        summary: "Whether requests with a body of unknown length are let through.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIChunkedRequest On",
        explain: include_str!("wsgi_chunked_request.md"),
        effect: Effect::Lower(|args, scope| scope.settings().chunked_request = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIPythonHome",
        summary: "The Python installation or virtual environment of embedded mode, and of groups without their own.",
        args: &[arg("directory", Kind::Path)],
        example: "WSGIPythonHome /srv/shop/venv",
        explain: include_str!("wsgi_python_home.md"),
        effect: Effect::Lower(|args, scope| scope.server.python_home = args.option("directory")),
        ..BASE
    },
    Spec {
        name: "WSGIPythonPath",
        summary: "Folders put in front of `sys.path` in embedded mode.",
        args: &[arg("directories", Kind::Path)],
        example: "WSGIPythonPath /srv/shop/lib:/srv/lib",
        explain: include_str!("wsgi_python_path.md"),
        effect: Effect::Lower(|args, scope| scope.server.python_path = args.option("directories")),
        ..BASE
    },
    Spec {
        name: "WSGIRestrictEmbedded",
        summary: "Whether embedded mode is refused.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIRestrictEmbedded On",
        explain: include_str!("wsgi_restrict_embedded.md"),
        effect: Effect::Lower(|args, scope| scope.server.restrict_embedded = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGISocketPrefix",
        summary: "Where the sockets of process groups lie.",
        args: &[arg("path", Kind::Path)],
        example: "WSGISocketPrefix /run/wsgi",
        explain: include_str!("wsgi_socket_prefix.md"),
        effect: Effect::Ignore("the sockets between our processes have no names"),
        ..BASE
    },
];

fn script_alias(args: &mut Args, scope: &mut Scope) {
    let mount = mount("URL-path", args, scope);
    scope.host.mounts.push(mount);
}

fn script_alias_match(args: &mut Args, scope: &mut Scope) {
    let mount = mount("regex", args, scope);
    let mounts_before = scope.host.mounts.len();
    scope.host.pattern_mounts.push(PatternMount { mount, mounts_before });
}

fn mount(url_path: &'static str, args: &mut Args, scope: &mut Scope) -> Mount {
    scope.server.loads += 1;
    Mount {
        order: scope.server.loads,
        url_path: args.take(url_path),
        script: args.take("file-path"),
        process_group: args.option("process-group").map(process_group),
        application_group: args.option("application-group").map(application_group),
        callable_object: args.option("callable-object"),
        pass_authorization: args.option("pass-authorization"),
        groups_before: scope.server.process_groups.len(),
    }
}

/// A token counts only when it is the whole value.
pub(super) fn process_group(name: Spanned<String>) -> Spanned<GroupName> {
    match name.value.as_str() {
        "%{GLOBAL}" => name.map(|_| GroupName::Embedded),
        "%{SERVER}" | "%{HOST}" | "%{RESOURCE}" => name.map(GroupName::Token),
        token if token.starts_with("%{ENV:") => name.map(GroupName::Token),
        _ => name.map(GroupName::Named),
    }
}

pub(super) fn application_group(name: Spanned<String>) -> Spanned<ApplicationGroupName> {
    let plain = match name.value.as_str() {
        "%{GLOBAL}" => ApplicationGroup::Global,
        "%{SERVER}" => ApplicationGroup::Server,
        "%{RESOURCE}" => ApplicationGroup::Resource,
        token if token == "%{HOST}" || token.starts_with("%{ENV:") => {
            return name.map(ApplicationGroupName::Token);
        }
        name => ApplicationGroup::Named(name.to_owned()),
    };
    name.map(|_| ApplicationGroupName::Plain(plain))
}
