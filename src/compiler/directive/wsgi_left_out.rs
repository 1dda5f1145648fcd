//! The directives of mod_wsgi that our runtime leaves out: they are read and checked as mod_wsgi does. What is lost stands in
//! `unsupported.tsv`.

use super::wsgi::{ANYWHERE, BASE, FLAG, SECTIONS};
use super::{Context, Effect, Kind, Spec, arg};

const INSIDE: &[Context] = &[Context::Directory, Context::Htaccess];

const LEFT_OUT: Spec = Spec { effect: Effect::LeftOut(|_, _| ()), ..BASE };

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGISocketRotation",
        summary: "Whether each restart gives the sockets of daemon processes new names.",
        args: FLAG,
        default: Some("On"),
        example: "WSGISocketRotation Off",
        explain: include_str!("wsgi_socket_rotation.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIAcceptMutex",
        summary: "The lock by which the processes of one group take turns at accepting.",
        args: &[arg("method", Kind::Choice(&["default", "flock", "fcntl", "sysvsem", "posixsem", "pthread"]))],
        default: Some("default"),
        example: "WSGIAcceptMutex pthread",
        explain: include_str!("wsgi_accept_mutex.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIVerboseDebugging",
        summary: "Does nothing since mod_wsgi 6.0.0.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIVerboseDebugging Off",
        explain: include_str!("wsgi_verbose_debugging.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIDontWriteBytecode",
        summary: "Whether Python leaves `.pyc` files unwritten.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIDontWriteBytecode On",
        explain: include_str!("wsgi_dont_write_bytecode.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIPythonWarnings",
        summary: "Adds a filter to Python's warnings.",
        args: &[arg("filter", Kind::Text)],
        example: "WSGIPythonWarnings ignore::DeprecationWarning",
        explain: include_str!("wsgi_python_warnings.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIPythonOptimize",
        summary: "How far Python optimises, as by `-O`.",
        args: &[arg("level", Kind::Number(0, 2))],
        default: Some("0"),
        example: "WSGIPythonOptimize 1",
        explain: include_str!("wsgi_python_optimize.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIPythonEggs",
        summary: "Where embedded mode unpacks Python eggs.",
        args: &[arg("directory", Kind::Path)],
        example: "WSGIPythonEggs /var/cache/eggs",
        explain: include_str!("wsgi_python_eggs.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIPythonHashSeed",
        summary: "The seed of Python's hashes of text.",
        args: &[arg("seed", Kind::HashSeed)],
        default: Some("random"),
        example: "WSGIPythonHashSeed 0",
        explain: include_str!("wsgi_python_hash_seed.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGICaseSensitivity",
        summary: "Whether paths of scripts that differ only in case are different.",
        args: FLAG,
        default: Some("On"),
        example: "WSGICaseSensitivity On",
        explain: include_str!("wsgi_case_sensitivity.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIPassApacheRequest",
        summary: "Whether the application sees Apache's own request object.",
        contexts: SECTIONS,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIPassApacheRequest On",
        explain: include_str!("wsgi_pass_apache_request.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIErrorOverride",
        summary: "Whether Apache's error pages replace those of the application.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIErrorOverride On",
        explain: include_str!("wsgi_error_override.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIMapHEADToGET",
        summary: "Whether the application sees a request HEAD as GET.",
        contexts: ANYWHERE,
        args: &[arg("state", Kind::Choice(&["On", "Off", "Auto"]))],
        default: Some("Auto"),
        example: "WSGIMapHEADToGET Auto",
        explain: include_str!("wsgi_map_head_to_get.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIIgnoreActivity",
        summary: "Whether requests here leave the inactivity timer alone.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIIgnoreActivity On",
        explain: include_str!("wsgi_ignore_activity.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGITrustedProxyHeaders",
        summary: "Headers of a proxy that are believed.",
        contexts: ANYWHERE,
        args: &[arg("header", Kind::Text).any()],
        example: "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto\nWSGITrustedProxies 10.0.0.0/8",
        explain: include_str!("wsgi_trusted_proxy_headers.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGITrustedProxies",
        summary: "The proxies whose headers are believed.",
        contexts: ANYWHERE,
        args: &[arg("network", Kind::Network).any()],
        example: "WSGITrustedProxyHeaders X-Forwarded-For\nWSGITrustedProxies 10.0.0.1 192.168.0.0/16",
        explain: include_str!("wsgi_trusted_proxies.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIEnableSendfile",
        summary: "Whether `wsgi.file_wrapper` may let the kernel send a file.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIEnableSendfile On",
        explain: include_str!("wsgi_enable_sendfile.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIAccessScript",
        summary: "A script that decides by the client's host who gets in.",
        contexts: INSIDE,
        args: &[arg("file-path", Kind::Path)],
        options: &[arg("application-group", Kind::Text)],
        example: "<Location /shop>\nWSGIAccessScript /srv/shop/access.py\n</Location>",
        explain: include_str!("wsgi_access_script.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIAuthUserScript",
        summary: "A script that checks names and passwords.",
        contexts: INSIDE,
        args: &[arg("file-path", Kind::Path)],
        options: &[arg("application-group", Kind::Text)],
        example: "<Location /shop>\nAuthType Basic\nAuthName shop\nAuthBasicProvider wsgi\nWSGIAuthUserScript /srv/shop/auth.py\nRequire valid-user\n</Location>",
        explain: include_str!("wsgi_auth_user_script.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIAuthGroupScript",
        summary: "A script that says which groups a user is in.",
        contexts: INSIDE,
        args: &[arg("file-path", Kind::Path)],
        options: &[arg("application-group", Kind::Text)],
        example: "<Location /shop>\nAuthType Basic\nAuthName shop\nAuthBasicProvider wsgi\nWSGIAuthUserScript /srv/shop/auth.py\nWSGIAuthGroupScript /srv/shop/auth.py\nRequire wsgi-group staff\n</Location>",
        explain: include_str!("wsgi_auth_group_script.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIGroupAuthoritative",
        summary: "Does nothing since Apache 2.4.",
        contexts: INSIDE,
        args: FLAG,
        default: Some("On"),
        example: "<Location /shop>\nWSGIGroupAuthoritative On\n</Location>",
        explain: include_str!("wsgi_group_authoritative.md"),
        ..LEFT_OUT
    },
    Spec {
        name: "WSGIServerMetrics",
        summary: "Whether `mod_wsgi.server_metrics()` works in embedded mode.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIServerMetrics On",
        explain: include_str!("wsgi_server_metrics.md"),
        ..LEFT_OUT
    },
];
