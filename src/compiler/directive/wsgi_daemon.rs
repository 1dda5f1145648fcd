//! `WSGIDaemonProcess` with all its options.

use super::kind::COUNT;
use super::{Args, Context, Effect, Kind, Scope, Spec, arg, ignored};
use crate::compiler::model::ProcessGroup;
use crate::compiler::source::Spanned;

pub(super) const SPECS: &[Spec] = &[Spec {
    name: "WSGIDaemonProcess",
    summary: "Defines a process group: processes that run applications apart from the server's own.",
    contexts: &[Context::ServerConfig, Context::VirtualHost],
    args: &[arg("name", Kind::Text)],
    options: &[
        arg("user", Kind::Account),
        arg("group", Kind::Account),
        arg("processes", Kind::Number(1, 10_000)),
        arg("threads", Kind::Number(0, 65_533)),
        arg("home", Kind::AbsolutePath),
        arg("python-home", Kind::Path),
        arg("python-path", Kind::AnyText),
        arg("display-name", Kind::AnyText),
        arg("lang", Kind::AnyText),
        arg("locale", Kind::AnyText),
        arg("umask", Kind::Octal),
        arg("maximum-requests", COUNT),
        arg("python-eggs", Kind::AnyText),
        arg("switch-interval", Kind::Fraction),
        arg("stack-size", Kind::Number(1, i32::MAX as u64)),
        arg("startup-timeout", COUNT),
        arg("shutdown-timeout", COUNT),
        arg("deadlock-timeout", COUNT),
        arg("inactivity-timeout", COUNT),
        arg("request-timeout", COUNT),
        arg("interrupt-timeout", COUNT),
        arg("graceful-timeout", COUNT),
        arg("eviction-timeout", COUNT),
        arg("restart-interval", COUNT),
        arg("connect-timeout", COUNT),
        arg("socket-timeout", COUNT),
        arg("queue-timeout", COUNT),
        arg("listen-backlog", COUNT),
        arg("send-buffer-size", COUNT),
        arg("receive-buffer-size", COUNT),
        ignored("header-buffer-size", COUNT, "the headers of an answer may be of any size"),
        ignored("response-buffer-size", COUNT, "what an application sends goes out at once"),
        arg("response-socket-timeout", COUNT),
        ignored("response-flush-delay", COUNT, "what an application sends goes out at once"),
        arg("cpu-time-limit", COUNT),
        arg("cpu-priority", Kind::SignedNumber),
        arg("memory-limit", Kind::Number(0, i64::MAX as u64)),
        arg("virtual-memory-limit", Kind::Number(0, i64::MAX as u64)),
        arg("server-metrics", Kind::Flag),
        arg("chroot", Kind::AbsolutePath),
        arg("supplementary-groups", Kind::AnyText),
        ignored("socket-user", Kind::Account, "the sockets of daemon processes have no names, and so no owner"),
        arg("script-user", Kind::Account),
        arg("script-group", Kind::Account),
    ],
    default: None,
    example: "WSGIDaemonProcess shop processes=2 threads=15 python-home=/srv/shop/venv\n\
              WSGIScriptAlias / /srv/shop/app.wsgi process-group=shop application-group=%{GLOBAL}",
    explain: include_str!("wsgi_daemon_process.md"),
    effect: Effect::Lower(daemon_process),
}];

fn daemon_process(args: &mut Args, scope: &mut Scope) {
    let group = ProcessGroup {
        name: args.take("name"),
        host: scope.host_index,
        user: args.option("user"),
        group: args.option("group"),
        processes: args.option("processes"),
        threads: args.option("threads"),
        home: args.option("home"),
        python_home: args.option("python-home"),
        python_path: args.option("python-path"),
        display_name: args.option("display-name"),
        lang: args.option("lang"),
        locale: args.option("locale"),
        umask: args.option::<String>("umask").map(octal),
        maximum_requests: args.option("maximum-requests"),
        switch_interval: args.option("switch-interval"),
        others: args.rest(),
    };
    scope.server.process_groups.push(group);
}

fn octal(digits: Spanned<String>) -> Spanned<u64> {
    digits.map(|digits| u64::from_str_radix(&digits, 8).unwrap_or_default())
}
