//! The directives of mod_wsgi that change how single requests are answered.

use super::access::network;
use super::wsgi::{ANYWHERE, BASE, FLAG};
use super::{Effect, Kind, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::compiler::source::Spanned;
use crate::plan::proxies::field;

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGIMapHEADToGET",
        summary: "Whether the application sees a request HEAD as GET.",
        contexts: ANYWHERE,
        args: &[arg("state", Kind::Choice(&["On", "Off", "Auto"]))],
        default: Some("Auto"),
        example: "WSGIMapHEADToGET Auto",
        explain: include_str!("wsgi_map_head_to_get.md"),
        effect: Effect::Lower(|args, scope| {
            let state: Spanned<String> = args.take("state");
            let on = state.value.eq_ignore_ascii_case("on");
            scope.settings().map_head_to_get = Some(Spanned::new(on, state.span));
        }),
        ..BASE
    },
    Spec {
        name: "WSGIErrorOverride",
        summary: "Whether Apache's error pages replace those of the application.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIErrorOverride On",
        explain: include_str!("wsgi_error_override.md"),
        effect: Effect::Lower(|args, scope| scope.settings().error_override = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIIgnoreActivity",
        summary: "Whether requests here leave the inactivity timer alone.",
        contexts: ANYWHERE,
        args: FLAG,
        default: Some("Off"),
        example: "WSGIIgnoreActivity On",
        explain: include_str!("wsgi_ignore_activity.md"),
        effect: Effect::Lower(|args, scope| scope.settings().ignore_activity = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGITrustedProxyHeaders",
        summary: "Headers of a proxy that are believed.",
        contexts: ANYWHERE,
        args: &[arg("header", Kind::Text).any()],
        example: "WSGITrustedProxyHeaders X-Forwarded-For X-Forwarded-Proto\nWSGITrustedProxies 10.0.0.0/8",
        explain: include_str!("wsgi_trusted_proxy_headers.md"),
        effect: Effect::Lower(|args, scope| {
            // mod_wsgi does nothing with others.
            for name in args.many::<String>("header") {
                let known = field(&name.value).map(|(name, _)| name.to_owned());
                scope.settings().proxy_headers.get_or_insert_default().extend(known);
            }
        }),
        ..BASE
    },
    Spec {
        name: "WSGITrustedProxies",
        summary: "The proxies whose headers are believed.",
        contexts: ANYWHERE,
        args: &[arg("network", Kind::Network).any()],
        example: "WSGITrustedProxyHeaders X-Forwarded-For\nWSGITrustedProxies 10.0.0.1 192.168.0.0/16",
        explain: include_str!("wsgi_trusted_proxies.md"),
        effect: Effect::Lower(|args, scope| {
            for word in args.many::<String>("network") {
                // One that cannot be read is nobody: without the list everybody would be believed.
                let found = network(&word.value);
                if found.is_none() {
                    scope.unsupported(word.span, "not an address or network", Severity::Error);
                }
                scope.settings().trusted_proxies.get_or_insert_default().extend(found);
            }
        }),
        ..BASE
    },
];
