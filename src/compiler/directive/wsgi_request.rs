//! The directives of mod_wsgi that change how single requests are answered.

use super::wsgi::{ANYWHERE, BASE, FLAG};
use super::{Effect, Kind, Spec, arg};
use crate::compiler::source::Spanned;

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
];
