//! Configurations that a real Apache takes, and that then do not do what they say: `cases/configtest_gap/cases.json` holds each with
//! what Apache and mod_wsgi really did. Every wrong one must get a finding that names the cause, at the line of the cause, and that
//! predicts the code which mod_wsgi logs. Of the good ones nothing may be said.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::Value;
use wsgi_httpd::compiler::source::Memory;
use wsgi_httpd::compiler::{Compiled, Options, compile};

/// The file that each case is.
const MAIN: &str = "/etc/apache2/httpd.conf";

/// The case, the finding, and what stands on its line.
const CAUSES: [(&str, &str, &str); 20] = [
    ("undefined process group", "unknown-process-group", "WSGIProcessGroup nosuch"),
    ("daemon group defined, never used", "unused-process-group", "WSGIDaemonProcess a"),
    ("no Require all granted", "script-not-granted", "WSGIScriptAlias /"),
    ("2.2 Order/Allow with compat only", "script-not-granted", "WSGIScriptAlias /"),
    ("python-home is a file (bin/python)", "python-home-not-a-prefix", "python-home=/usr/bin/python3"),
    ("unknown option", "unknown-option", "procesess=2"),
    ("threads=0 but serving", "process-group-without-threads", "threads=0"),
    ("request-timeout=1m", "unfit-value", "request-timeout=1m"),
    ("duplicate daemon name", "duplicate-process-group", "WSGIDaemonProcess a"),
    ("WSGIPythonHome in vhost", "directive-not-allowed-here", "WSGIPythonHome /usr"),
    ("WSGISocketPrefix in vhost", "directive-not-allowed-here", "WSGISocketPrefix"),
    ("'/' alias before '/api'", "shadowed-mount", "WSGIScriptAlias /api"),
    ("trailing slash mismatch '/app/ file'", "slash-mismatch", "WSGIScriptAlias /app/"),
    ("relative script path", "relative-path", "WSGIScriptAlias / app/hello.wsgi"),
    ("RestrictEmbedded On, no group", "embedded-mode-refused", "WSGIScriptAlias /"),
    ("application group typo %{GLOBL}", "unknown-token", "%{GLOBL}"),
    ("import script into unknown group", "unknown-process-group", "process-group=zz"),
    ("vhost on a port nobody listens on", "virtual-host-port-not-listened", "<VirtualHost *:"),
    ("DocumentRoot holds the script", "script-in-document-root", "WSGIScriptAlias /app"),
    ("AddHandler without ExecCGI", "handler-without-exec-cgi", "AddHandler wsgi-script"),
];

/// Cases whose cause lies in the machine's files: nothing in the text tells of them.
const OF_THE_MACHINE: [&str; 12] = [
    "script file missing",
    "python-home missing dir",
    "python-home other version (3.13 venv)",
    "WSGIPythonHome missing dir, embedded",
    "lang/locale not installed",
    "user= unknown",
    "target is a directory",
    "no callable 'application'",
    "ImportError in script",
    "socket prefix: directory missing",
    "import script missing file",
    "script-user mismatch",
];

fn cases() -> Vec<Value> {
    serde_json::from_str(include_str!("cases/configtest_gap/cases.json")).expect("the cases are JSON")
}

fn text<'a>(case: &'a Value, key: &str) -> &'a str {
    case[key].as_str().unwrap_or_default()
}

fn compiled(case: &Value) -> Compiled {
    let mut files = Memory::default();
    files.add(MAIN, format!("{}\n{}", include_str!("cases/configtest_gap/base.conf"), text(case, "conf")));
    let variables = [
        ("DIR", "/srv/gap"),
        ("PORT", "8000"),
        ("OTHER_PORT", "8001"),
        ("MODULES", "/usr/lib/apache2/modules"),
        ("VENV", "/srv/venv"),
        ("OTHER_VENV", "/srv/other-venv"),
    ];
    let environment = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    let environment: BTreeMap<String, String> = environment.collect();
    let options = Options { environment, ..Options::default() };
    compile(&files, Path::new(MAIN), &options).expect("the main file is there")
}

/// The line that a finding is about, as it was written.
fn line(compiled: &Compiled, start: u32) -> String {
    let source = compiled.report.iter().map(|found| compiled.sources.get(found.span().source));
    let source =
        source.into_iter().find(|source| source.path == Path::new(MAIN)).expect("findings are in the main file");
    let before = source.text[..start as usize].rfind('\n').map_or(0, |at| at + 1);
    source.text[before..].lines().next().unwrap_or_default().to_owned()
}

#[test]
fn every_case_is_listed() {
    for case in cases() {
        let name = text(&case, "name");
        let listed = CAUSES.iter().any(|(cause, ..)| *cause == name) || OF_THE_MACHINE.contains(&name);
        assert!(listed || case["fine"] == true, "{name} is wrong, and no finding is expected for it");
    }
}

#[test]
fn the_cause_is_named_at_its_line() {
    let cases = cases();
    for (name, finding, fragment) in CAUSES {
        let case = cases.iter().find(|case| text(case, "name") == name).unwrap_or_else(|| panic!("no case {name}"));
        let compiled = compiled(case);
        let found = compiled.report.iter().find(|found| found.code.name == finding);
        let found = found.unwrap_or_else(|| panic!("{name}: no {finding}:\n{}", compiled.concise()));
        let line = line(&compiled, found.span().start);
        assert!(line.contains(fragment), "{name}: {finding} is at `{line}`");
        if let Some(code) = case["mod_wsgi_6_code"].as_str() {
            assert!(found.code.predicts.contains(&code), "{name}: {finding} does not predict {code}");
        }
    }
}

#[test]
fn of_the_good_ones_nothing_is_said() {
    for case in cases().iter().filter(|case| case["fine"] == true) {
        let compiled = compiled(case);
        assert!(compiled.report.is_clean(), "{}:\n{}", text(case, "name"), compiled.concise());
    }
}

#[test]
fn the_text_tells_nothing_of_what_only_the_machine_knows() {
    let cases = cases();
    for name in OF_THE_MACHINE {
        let case = cases.iter().find(|case| text(case, "name") == name).unwrap_or_else(|| panic!("no case {name}"));
        let compiled = compiled(case);
        assert!(!compiled.report.has_errors(), "{name}:\n{}", compiled.concise());
    }
}
