//! The directives of mod_wsgi that say how interpreters are made and ended. Most of them may stand in
//! `<WSGIInterpreterOptions>` too.

use super::wsgi::{BASE, FLAG};
use super::{Args, Effect, Kind, SectionKind, Spec, arg};
use crate::compiler::model::InterpreterOptions;

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "<WSGIInterpreterOptions",
        summary: "Settings of the interpreters of one process group or application group.",
        args: &[],
        options: &[arg("process-group", Kind::Text), arg("application-group", Kind::Text)],
        example: "WSGIDaemonProcess shop\n<WSGIInterpreterOptions process-group=shop application-group=admin>\n    \
                  WSGIPerInterpreterGIL On\n</WSGIInterpreterOptions>\n\
                  WSGIScriptAlias / /srv/shop/app.wsgi process-group=shop application-group=admin",
        explain: include_str!("wsgi_interpreter_options.md"),
        effect: Effect::Open(SectionKind::InterpreterOptions),
        ..BASE
    },
    Spec {
        name: "WSGIPerInterpreterGIL",
        summary: "Whether each application group has a GIL of its own.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIPerInterpreterGIL On",
        explain: include_str!("wsgi_per_interpreter_gil.md"),
        effect: Effect::Lower(|args, scope| scope.server.per_interpreter_gil = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGISwitchInterval",
        summary: "How long a thread of Python may run before others have their turn.",
        args: &[arg("seconds", Kind::Fraction)],
        default: Some("0.005"),
        example: "WSGISwitchInterval 0.01",
        explain: include_str!("wsgi_switch_interval.md"),
        effect: Effect::Lower(|args, scope| scope.server.switch_interval = args.option("seconds")),
        ..BASE
    },
    Spec {
        name: "WSGIDestroyInterpreter",
        summary: "Whether interpreters are taken down when a process ends.",
        args: FLAG,
        default: Some("On"),
        example: "WSGIDestroyInterpreter Off",
        explain: include_str!("wsgi_destroy_interpreter.md"),
        effect: Effect::Lower(|args, scope| scope.server.destroy_interpreter = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIFreeThreading",
        summary: "Whether a free-threaded Python runs without its global lock.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIFreeThreading On",
        explain: include_str!("wsgi_free_threading.md"),
        effect: Effect::Lower(|args, scope| scope.server.free_threading = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGICaseSensitivity",
        summary: "Whether paths of scripts that differ only in case are different.",
        args: FLAG,
        default: Some("On"),
        example: "WSGICaseSensitivity On",
        explain: include_str!("wsgi_case_sensitivity.md"),
        effect: Effect::Lower(|args, scope| scope.server.case_sensitivity = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIRestrictStdin",
        summary: "Whether an application that reads `sys.stdin` gets an error.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIRestrictStdin On",
        explain: include_str!("wsgi_restrict_stdin.md"),
        effect: Effect::Lower(|args, scope| scope.server.restrictions.stdin = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIRestrictStdout",
        summary: "Whether an application that writes to `sys.stdout` gets an error.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIRestrictStdout On",
        explain: include_str!("wsgi_restrict_stdout.md"),
        effect: Effect::Lower(|args, scope| scope.server.restrictions.stdout = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIRestrictSignal",
        summary: "Whether `signal.signal()` is kept from doing anything.",
        args: FLAG,
        default: Some("On"),
        example: "WSGIRestrictSignal Off",
        explain: include_str!("wsgi_restrict_signal.md"),
        effect: Effect::Lower(|args, scope| scope.server.restrictions.signal = args.option("state")),
        ..BASE
    },
];

/// What the words of `<WSGIInterpreterOptions>` select.
pub(crate) fn interpreter_options(args: &mut Args) -> InterpreterOptions {
    let selected = |name: Option<crate::compiler::source::Spanned<String>>| {
        name.map(|name| name.map(|name| if name == "%{GLOBAL}" { String::new() } else { name }))
    };
    InterpreterOptions {
        process_group: selected(args.option("process-group")),
        application_group: selected(args.option("application-group")),
        ..InterpreterOptions::default()
    }
}

/// A line inside of it. `false` is a directive that has no place there.
pub(crate) fn in_interpreter_options(name: &str, args: &mut Args, options: &mut InterpreterOptions) -> bool {
    match name {
        "WSGIPythonPath" => options.python_path = args.option("directories"),
        "WSGISwitchInterval" => options.switch_interval = args.option("seconds"),
        "WSGIPerInterpreterGIL" => options.per_interpreter_gil = args.option("state"),
        "WSGIFreeThreading" => options.free_threading = args.option("state"),
        "WSGIRestrictStdin" => options.restrictions.stdin = args.option("state"),
        "WSGIRestrictStdout" => options.restrictions.stdout = args.option("state"),
        "WSGIRestrictSignal" => options.restrictions.signal = args.option("state"),
        _ => return false,
    }
    true
}
