//! The directives of mod_wsgi that stand for what one would type after `python`.

use super::wsgi::{BASE, FLAG};
use super::{Effect, Kind, Spec, arg};

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "WSGIDontWriteBytecode",
        summary: "Whether Python leaves `.pyc` files unwritten.",
        args: FLAG,
        default: Some("Off"),
        example: "WSGIDontWriteBytecode On",
        explain: include_str!("wsgi_dont_write_bytecode.md"),
        effect: Effect::Lower(|args, scope| scope.server.dont_write_bytecode = args.option("state")),
        ..BASE
    },
    Spec {
        name: "WSGIPythonOptimize",
        summary: "How far Python optimises, as by `-O`.",
        args: &[arg("level", Kind::AnyNumber(0, 2))],
        default: Some("0"),
        example: "WSGIPythonOptimize 1",
        explain: include_str!("wsgi_python_optimize.md"),
        effect: Effect::Lower(|args, scope| scope.server.python_optimize = args.option("level")),
        ..BASE
    },
    Spec {
        name: "WSGIPythonWarnings",
        summary: "Adds a filter to Python's warnings.",
        args: &[arg("filter", Kind::Text)],
        example: "WSGIPythonWarnings ignore::DeprecationWarning",
        explain: include_str!("wsgi_python_warnings.md"),
        effect: Effect::Lower(|args, scope| {
            let filter = args.take("filter");
            scope.server.python_warnings.push(filter);
        }),
        ..BASE
    },
    Spec {
        name: "WSGIPythonHashSeed",
        summary: "The seed of Python's hashes of text.",
        args: &[arg("seed", Kind::HashSeed)],
        default: Some("random"),
        example: "WSGIPythonHashSeed 0",
        explain: include_str!("wsgi_python_hash_seed.md"),
        effect: Effect::Lower(|args, scope| scope.server.python_hash_seed = args.option("seed")),
        ..BASE
    },
    Spec {
        name: "WSGIPythonEggs",
        summary: "Where embedded mode unpacks Python eggs.",
        args: &[arg("directory", Kind::Path)],
        example: "WSGIPythonEggs /var/cache/eggs",
        explain: include_str!("wsgi_python_eggs.md"),
        effect: Effect::Lower(|args, scope| scope.server.python_eggs = args.option("directory")),
        ..BASE
    },
];
