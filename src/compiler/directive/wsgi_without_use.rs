//! The directives of mod_wsgi that mean nothing to our runtime, or one of whose values does: they are read and checked as mod_wsgi
//! does.

use super::wsgi::{ANYWHERE, BASE, FLAG, SECTIONS};
use super::{Effect, Kind, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::compiler::source::Spanned;

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGISocketRotation",
        summary: "Whether each restart gives the sockets of daemon processes new names.",
        args: FLAG,
        default: Some("On"),
        example: "WSGISocketRotation Off",
        explain: include_str!("wsgi_socket_rotation.md"),
        effect: Effect::Ignore("the sockets of daemon processes have no names"),
        ..BASE
    },
    Spec {
        name: "WSGIAcceptMutex",
        summary: "The lock by which the processes of one group take turns at accepting.",
        args: &[arg("method", Kind::Choice(&["default", "flock", "fcntl", "sysvsem", "posixsem", "pthread"]))],
        default: Some("default"),
        example: "WSGIAcceptMutex pthread",
        explain: include_str!("wsgi_accept_mutex.md"),
        effect: Effect::Ignore("one process accepts and hands out, so nobody takes turns"),
        ..BASE
    },
    Spec {
        name: "WSGIVerboseDebugging",
        summary: "Does nothing since mod_wsgi 6.0.0.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIVerboseDebugging Off",
        explain: include_str!("wsgi_verbose_debugging.md"),
        effect: Effect::Ignore("it does nothing in mod_wsgi 6 either"),
        ..BASE
    },
    Spec {
        name: "WSGIPassApacheRequest",
        summary: "Whether the application sees Apache's own request object.",
        contexts: SECTIONS,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIPassApacheRequest On",
        explain: include_str!("wsgi_pass_apache_request.md"),
        effect: Effect::Lower(|args, scope| {
            let state: Spanned<bool> = args.take("state");
            if state.value {
                scope.unsupported(state.span, "there is no Apache whose request could be passed", Severity::Warning);
            }
        }),
        ..BASE
    },
    Spec {
        name: "WSGIEnableSendfile",
        summary: "Whether `wsgi.file_wrapper` may let the kernel send a file.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIEnableSendfile On",
        explain: include_str!("wsgi_enable_sendfile.md"),
        effect: Effect::Ignore("files are read and sent in large blocks, in both modes"),
        ..BASE
    },
];
