//! The order of the modules, read from the sources: an arrow that points the wrong way fails here.

use std::path::{Path, PathBuf};

/// The stages of the compiler. Each names only those before it.
const STAGES: [&str; 14] = [
    "source",
    "diagnostic",
    "syntax",
    "expand",
    "model",
    "directive",
    "lower",
    "check",
    "otherwise",
    "inspect",
    "ignore",
    "resolve",
    "decide",
    "explain",
];

/// The files that may touch the world outside.
const DISK: [&str; 2] = ["src/compiler/source/files.rs", "src/compiler/source/machine.rs"];

/// Calls to the world outside that the rest of the compiler must not make.
const OUTSIDE: [&str; 7] =
    ["std::fs", "std::env", "std::net::Tcp", "std::process", "std::time", "SystemTime", "std::thread"];

struct Source {
    path: String,
    /// Without comments and without tests.
    code: String,
}

fn sources(folder: &str) -> Vec<Source> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    collect(&root.join(folder), &mut found);
    found.sort();
    found.into_iter().map(|path| read(root, &path)).collect()
}

fn collect(path: &Path, found: &mut Vec<PathBuf>) {
    if path.is_dir() {
        for entry in std::fs::read_dir(path).expect("a folder can be read") {
            collect(&entry.expect("an entry can be read").path(), found);
        }
    } else if path.extension().is_some_and(|ending| ending == "rs") {
        found.push(path.to_owned());
    }
}

fn read(root: &Path, path: &Path) -> Source {
    let text = std::fs::read_to_string(path).expect("a source is a text file");
    let code = text.split("#[cfg(test)]\nmod tests").next().unwrap_or_default();
    let lines = code.lines().filter(|line| !line.trim_start().starts_with("//"));
    let code = lines.collect::<Vec<_>>().join("\n");
    let path = path.strip_prefix(root).expect("it lies below the root").to_string_lossy().into_owned();
    Source { path, code }
}

/// The stage that a file of the compiler belongs to.
fn stage(path: &str) -> Option<usize> {
    let rest = path.strip_prefix("src/compiler/")?;
    let name = rest.split(['/', '.']).next()?;
    STAGES.iter().position(|stage| *stage == name)
}

/// The stages that a file names: by `compiler::NAME`, and in a file that is a stage's root by `super::NAME`.
fn named_stages(source: &Source) -> Vec<usize> {
    let is_root = source.path.matches('/').count() == 2;
    let named = |stage: &str| {
        let through_super =
            is_root && (names(&source.code, "super::", stage) || in_braces(&source.code, "use super::{", stage));
        names(&source.code, "compiler::", stage) || through_super
    };
    (0..STAGES.len()).filter(|index| named(STAGES[*index])).collect()
}

fn names(code: &str, prefix: &str, stage: &str) -> bool {
    let full = format!("{prefix}{stage}");
    code.match_indices(&full).any(|(at, _)| {
        let after = code[at + full.len()..].chars().next();
        !after.is_some_and(|next| next.is_alphanumeric() || next == '_')
    })
}

fn in_braces(code: &str, opening: &str, stage: &str) -> bool {
    code.match_indices(opening).any(|(at, _)| {
        let list = code[at + opening.len()..].split('}').next().unwrap_or_default();
        list.split(',').any(|name| name.trim().split("::").next() == Some(stage))
    })
}

#[test]
fn stages_name_only_the_stages_before_them() {
    for source in sources("src/compiler") {
        let own = stage(&source.path).unwrap_or_else(|| panic!("{} belongs to no stage", source.path));
        for named in named_stages(&source) {
            assert!(named <= own, "{} names {}, which comes after it", source.path, STAGES[named]);
        }
    }
}

#[test]
fn the_compiler_and_the_runtime_know_only_the_plan_and_the_decision() {
    for source in sources("src/compiler") {
        assert!(!source.code.contains("crate::runtime"), "{} names the runtime", source.path);
        assert!(!source.code.contains("crate::findings"), "{} names the findings", source.path);
    }
    for source in sources("src/findings").into_iter().chain(sources("src/fix.rs")) {
        assert!(!source.code.contains("crate::runtime"), "{} names the runtime", source.path);
    }
    for source in sources("src/runtime") {
        assert!(!source.code.contains("crate::findings"), "{} names the findings", source.path);
        assert!(!source.code.contains("crate::compiler"), "{} names the compiler", source.path);
    }
    for source in sources("src").into_iter().filter(|source| !source.path.contains("language_server")) {
        let lib_or_command = source.path == "src/lib.rs" || source.path.starts_with("src/bin/");
        assert!(
            lib_or_command || !source.code.contains("language_server"),
            "{} names the language server",
            source.path
        );
    }
    for source in sources("src/language_server").into_iter().chain(sources("src/language_server.rs")) {
        assert!(!source.code.contains("crate::runtime"), "{} names the runtime", source.path);
    }
    let decision = sources("src/decision").into_iter().chain(sources("src/decision.rs"));
    for source in sources("src/plan").into_iter().chain(sources("src/plan.rs")).chain(decision) {
        let knows = source.code.contains("crate::compiler") || source.code.contains("crate::runtime");
        assert!(!knows, "{} knows who uses it", source.path);
    }
    for source in sources("src/plan").into_iter().chain(sources("src/plan.rs")) {
        assert!(!source.code.contains("crate::decision"), "{} decides something", source.path);
    }
}

#[test]
fn one_file_names_the_grammar_one_the_drawing_and_one_the_parser_of_python() {
    for source in sources("src") {
        for (library, home) in [
            ("pest", "src/compiler/syntax/lines.rs"),
            ("miette", "src/compiler/diagnostic/render.rs"),
            ("ruff_python_parser", "src/compiler/inspect/python_source.rs"),
        ] {
            let named =
                source.code.contains(&format!("{library}::")) || source.code.contains(&format!("{library}_derive"));
            assert!(!named || source.path == home, "{} names {library}", source.path);
        }
    }
}

#[test]
fn the_compiler_does_not_touch_the_world() {
    for source in sources("src/compiler").into_iter().chain(sources("src/findings")).chain(sources("src/fix.rs")) {
        if DISK.contains(&source.path.as_str()) {
            continue;
        }
        for call in OUTSIDE {
            assert!(!source.code.contains(call), "{} uses {call}", source.path);
        }
    }
}

/// One library serves Pythons whose objects are laid out in different ways, and some of them have no GIL.
#[test]
fn one_file_knows_how_objects_are_laid_out_and_one_borrows_from_what_is_shared() {
    const LAYOUT: [&str; 7] =
        ["ffi::Py_TYPE", "ffi::Py_SIZE", "ffi::Py_REFCNT", "_Check(", "_CheckExact(", "ffi::PyModuleDef ", "HEAD_INIT"];
    const BORROWING: [&str; 5] = [
        "ffi::PyDict_GetItem",
        "ffi::PyDict_SetDefault",
        "ffi::PyDict_Next",
        "ffi::PyList_GetItem",
        "ffi::PyImport_AddModule",
    ];
    for source in sources("python/src") {
        let (layout, gil) = (source.path.ends_with("/layout.rs"), source.path.ends_with("/gil.rs"));
        let known = LAYOUT.iter().filter(|_| !layout).chain(BORROWING.iter().filter(|_| !gil));
        for call in known {
            assert!(!source.code.contains(call), "{} uses {call}", source.path);
        }
    }
}

#[test]
fn nothing_unwraps_and_only_commands_print() {
    for source in sources("src").into_iter().chain(sources("python/src")) {
        assert!(!source.code.contains(".unwrap()"), "{} unwraps", source.path);
        let prints = ["println!", "print!(", "dbg!("].iter().any(|call| source.code.contains(call));
        assert!(!prints || source.path.starts_with("src/bin/"), "{} prints", source.path);
    }
}
