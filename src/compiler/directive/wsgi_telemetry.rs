//! The directives that say who gets figures of requests, processes and the server.

use super::wsgi::{BASE, FLAG};
use super::{Args, Effect, INVALID_VALUE, Kind, Scope, Spec, arg};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGITelemetryService",
        summary: "Sends figures about the processes to a socket.",
        args: &[arg("target", Kind::UnixSocket)],
        options: &[arg("interval", Kind::DecimalFrom(5))],
        example: "WSGITelemetryService unix:/run/telemetry.sock interval=5",
        explain: include_str!("wsgi_telemetry_service.md"),
        effect: Effect::Lower(telemetry_service),
        ..BASE
    },
    Spec {
        name: "WSGISlowRequests",
        summary: "Reports requests that take longer than this.",
        args: &[arg("seconds", Kind::DecimalFrom(0))],
        example: "WSGISlowRequests 2.5",
        explain: include_str!("wsgi_slow_requests.md"),
        effect: Effect::Lower(|args, scope| scope.server.telemetry.slow_requests = args.option("seconds")),
        ..BASE
    },
    Spec {
        name: "WSGITelemetryOptions",
        summary: "What telemetry may tell about requests.",
        args: &[arg(
            "option",
            Kind::Choice(&["None", "All", "CaptureUserAgent", "+CaptureUserAgent", "-CaptureUserAgent"]),
        )
        .many()],
        default: Some("None"),
        example: "WSGITelemetryOptions +CaptureUserAgent",
        explain: include_str!("wsgi_telemetry_options.md"),
        effect: Effect::Lower(telemetry_options),
        ..BASE
    },
    Spec {
        name: "WSGIServerMetrics",
        summary: "Whether `mod_wsgi.server_metrics()` works in embedded mode.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIServerMetrics On",
        explain: include_str!("wsgi_server_metrics.md"),
        effect: Effect::Lower(|args, scope| scope.server.server_metrics = args.option("state")),
        ..BASE
    },
];

fn telemetry_service(args: &mut Args, scope: &mut Scope<'_>) {
    scope.server.telemetry.service = args.option("target");
    scope.server.telemetry.interval = args.option("interval");
}

/// Options that are added or taken away say nothing beside a list that is meant to be whole.
fn telemetry_options(args: &mut Args, scope: &mut Scope<'_>) {
    let words = args.many::<String>("option");
    let signed = |word: &str| word.starts_with(['+', '-']);
    let Some(first) = words.first().map(|word| signed(&word.value)) else { return };
    if !first {
        scope.server.telemetry.user_agent = false;
    }
    for word in &words {
        match word.value.to_ascii_lowercase().as_str() {
            "all" | "captureuseragent" | "+captureuseragent" => scope.server.telemetry.user_agent = true,
            "none" | "-captureuseragent" => scope.server.telemetry.user_agent = false,
            _ => {}
        }
    }
    if let Some(other) = words.iter().find(|word| signed(&word.value) != first) {
        let found = INVALID_VALUE.at(other.span, "with a sign beside one without");
        scope.report.push(found.help("write all of them with `+` or `-`, or none"));
    }
}
