//! Laws over everything that may be found, and text that nobody would write.

mod case;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;

use proptest::prelude::*;
use wsgi_httpd::compiler::diagnostic::Severity;
use wsgi_httpd::compiler::source::Memory;
use wsgi_httpd::compiler::{Judge, Options, check, compile, explain, inspect};
use wsgi_httpd::findings::{self, Run};

fn files(folder: &str, ending: &str) -> Vec<std::path::PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let entries = std::fs::read_dir(folder).expect("the folder is there");
    let paths = entries.map(|entry| entry.expect("it can be read").path());
    paths.filter(|path| path.to_string_lossy().ends_with(ending)).collect()
}

#[test]
fn every_code_is_shown_by_a_snapshot() {
    let mut shown = BTreeSet::new();
    for path in files("tests/snapshots", ".snap") {
        let text = std::fs::read_to_string(path).expect("a snapshot is a text file");
        // As a report in full begins, or after the severity of a concise one.
        let concise = text.lines().filter_map(|line| Some(line.split_once('[')?.1.split_once("] ")?.0));
        shown.extend(text.lines().chain(concise).map(str::to_owned));
    }
    let missing: Vec<_> = explain::codes().iter().map(|code| code.name).filter(|name| !shown.contains(*name)).collect();
    assert!(missing.is_empty(), "no snapshot shows {missing:?}");
}

#[test]
fn every_check_has_a_case_and_a_near_miss() {
    let checks = check::CHECKS.iter().map(|check| ("check", check.code));
    let inspections = inspect::INSPECTIONS.iter().map(|inspection| ("inspect", inspection.code));
    for (stage, code) in checks.chain(inspections).chain([("inspect", inspect::FILES_NOT_HERE)]) {
        let name = code.name.replace('-', "_");
        for file in [format!("{name}.conf"), format!("{name}_ok.conf")] {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases").join(stage).join(&file);
            assert!(path.exists(), "tests/cases/{stage}/{file} is missing");
        }
    }
}

#[test]
fn of_a_near_miss_nothing_is_said() {
    for path in [files("tests/cases/check", "_ok.conf"), files("tests/cases/inspect", "_ok.conf")].concat() {
        let compiled = case::read(&path).compile();
        assert!(compiled.report.is_clean(), "{}:\n{}", path.display(), compiled.concise());
    }
}

#[test]
fn codes_are_well_formed() {
    let mut names = BTreeSet::new();
    for code in explain::codes() {
        let kebab = code.name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(kebab, "{} is not in kebab case", code.name);
        assert!(names.insert(code.name), "{} is there twice", code.name);
        assert!(!code.summary.ends_with('.'), "the summary of {} ends with a full stop", code.name);
        assert!(code.explain.len() > 100, "{} is not explained", code.name);
    }
}

/// What no case can hold: too large for a file in the repository, or no text.
#[test]
fn large_and_broken() {
    let long = format!("SetEnv A {}\n", "a".repeat(1 << 24));
    insta::assert_snapshot!("line_too_long", compile_text(long, Judge::Apache).concise());
    insta::assert_snapshot!("not_utf8", compile_text(*b"ServerName a\nServerAdmin \xFF@a\n", Judge::Apache).concise());
    let mut files = Memory::default();
    files.add(case::MAIN, "Include many\nServerName after.example\n");
    for number in 0..10_002 {
        files.add(format!("/etc/apache2/many/{number:05}.conf"), "");
    }
    let compiled = compile(&files, Path::new(case::MAIN), &Options::default()).expect("the main file is there");
    insta::assert_snapshot!("too_much_included", compiled.concise());
    let compiled = compile_text("</a>\n".repeat(100_100), Judge::Apache);
    let last = compiled.report.iter().last().expect("there are many");
    let (line, _) = compiled.sources.line_column(last.span());
    insta::assert_snapshot!("too_many_findings", format!("{line}: [{}] {}", last.code.name, last.message));
    let bomb = format!("Define A xxxxxxxx\n{}", "Define A ${A}${A}\n".repeat(64));
    insta::assert_snapshot!("define_bomb", compile_text(bomb, Judge::Apache).concise());
}

#[test]
fn what_grows_without_end_is_stopped() {
    let mut files = Memory::default();
    files.add(case::MAIN, vec![b'#'; (32 << 20) + 1]);
    assert!(compile(&files, Path::new(case::MAIN), &Options::default()).is_err());
    // Every file includes the next one three times.
    files.add(case::MAIN, "Include 0.conf\n");
    for number in 0..15 {
        files.add(format!("/etc/apache2/{number}.conf"), format!("Include {}.conf\n", number + 1).repeat(3));
    }
    files.add("/etc/apache2/15.conf", "SetEnv A b\n");
    let compiled = compile(&files, Path::new(case::MAIN), &Options::default()).expect("the main file is there");
    let names: Vec<&str> = compiled.report.iter().map(|found| found.code.name).collect();
    assert_eq!(names, ["too-much-included"]);
    // One file many times.
    files.add(case::MAIN, "Include 0.conf\n".repeat(12));
    files.add("/etc/apache2/0.conf", "#\n".repeat(50_000));
    let compiled = compile(&files, Path::new(case::MAIN), &Options::default()).expect("the main file is there");
    insta::assert_snapshot!("too_much_again", compiled.concise());
    let words = format!("ServerAlias{}\n", " a".repeat(100_001));
    insta::assert_snapshot!("too_many_words", compile_text(words, Judge::Apache).concise());
    // Every macro hands on its argument twice.
    let mut macros = "<Macro M0 $a>\nSetEnv A $a\n</Macro>\n".to_owned();
    for number in 1..64 {
        writeln!(macros, "<Macro M{number} $a>\nUse M{} $a$a\n</Macro>", number - 1)
            .expect("writing to a string cannot fail");
    }
    macros.push_str("Use M63 xxxxxxxx\n");
    assert!(compile_text(macros, Judge::Apache).concise().contains("too-much-included"));
    // A value of 1 MiB in each of 1,000 lines.
    let values = format!("Define A {}\n{}", "x".repeat(1 << 20), "SetEnv A ${A}\n".repeat(1_000));
    assert!(compile_text(values, Judge::Apache).concise().contains("too-much-included"));
}

/// Texts on which the compiler once gave up.
#[test]
fn what_random_text_found() {
    for text in ["<IfModule none>\n#  \\\n   ", "# a\\\n\t\n"] {
        compile_text(text, Judge::Apache).concise();
    }
}

fn compile_text(text: impl Into<Vec<u8>>, judge: Judge) -> wsgi_httpd::compiler::Compiled {
    let mut files = Memory::default();
    files.add(case::MAIN, text);
    let options = Options { judge, ..Options::default() };
    compile(&files, Path::new(case::MAIN), &options).expect("the main file is there")
}

#[test]
fn deep_and_wide_input_is_read_to_its_end() {
    let deep = "<Directory /a>\n".repeat(20_000);
    assert!(compile_text(deep, Judge::Apache).report.has_errors());
    let balanced = format!("{}{}", "<IfModule !none.c>\n".repeat(5000), "</IfModule>\n".repeat(5000));
    assert!(compile_text(balanced, Judge::Apache).report.has_errors());
    let mut wide = String::new();
    for number in 0..20_000 {
        writeln!(wide, "SetEnv NAME{number} \"a value\" \\\n").expect("writing to a string cannot fail");
    }
    assert!(compile_text(wide, Judge::Apache).report.is_clean());
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let compiled = compile_text(bytes, Judge::WsgiServe);
        compiled.concise();
    }

    #[test]
    fn random_lines_never_panic(lines in prop::collection::vec(line(), 0..40)) {
        let compiled = compile_text(lines.join("\n"), Judge::WsgiServe);
        compiled.full(wsgi_httpd::compiler::diagnostic::render::Style::PLAIN);
        let run = Run::new(&[compiled], Vec::new(), Severity::Error);
        findings::json::json(&run);
        findings::sarif::sarif(&run);
        findings::github::github(&run);
        findings::gitlab::gitlab(&run);
        findings::junit::junit(&run);
        findings::checkstyle::checkstyle(&run);
    }
}

/// Lines that look like a configuration, more or less.
fn line() -> impl Strategy<Value = String> {
    let name = prop::sample::select(vec![
        "WSGIScriptAlias",
        "WSGIDaemonProcess",
        "WSGIProcessGroup",
        "WSGIApplicationGroup",
        "Listen",
        "ServerName",
        "<Directory",
        "</Directory>",
        "<VirtualHost",
        "</VirtualHost>",
        "<Files",
        "</Files>",
        "<Location",
        "</Location>",
        "<IfModule",
        "</IfModule>",
        "<IfVersion",
        "</IfVersion>",
        "Define",
        "Include",
        "Require",
        "Order",
        "Allow",
        "Options",
        "LogFormat",
        "CustomLog",
        "ServerRoot",
        "SetEnv",
        "KeepAlive",
        "<If",
        "</If>",
        "<RequireAny>",
        "Use",
        "</RequireAny>",
        "Alias",
        "#",
        "",
        "ErrorLog",
        "LogLevel",
        "<Macro",
        "</Macro>",
        "${X}",
    ]);
    let word = prop::sample::select(vec![
        "/",
        "/srv/app.wsgi",
        "name",
        "name=value",
        "process-group=a",
        "\"a b\"",
        "\"open",
        "'",
        "${X}",
        "${",
        "%{GLOBAL}",
        ">",
        "*:80",
        "[::1]:80",
        "~",
        "!",
        "é",
        "\u{feff}",
        "\u{a0}",
        "\\",
        "all",
        "granted",
        "denied",
        "from",
        "10.0.0.0/8",
        "On",
        "%{x}i %h \\",
        "99999999999999999999",
        "-1",
        "[a",
        "(",
        "*",
        "<",
        "-Indexes",
        ">=",
        "2.4",
        "httpd.conf",
        "|prog",
    ]);
    (name, prop::collection::vec(word, 0..5)).prop_map(|(name, words)| format!("{name} {}", words.join(" ")))
}
