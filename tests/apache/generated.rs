//! Configurations that nobody wrote: sections in one another, conditions, macros, variables, included files, quotes and
//! continued lines, with lines in them that are right and lines that are wrong.

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

/// What stands before the lines: what they may use.
const BEFORE: &str = "\
Define NAME value
<Macro Admin $who>
ServerAdmin $who
</Macro>
<Macro Grant>
Require all granted
</Macro>
";

/// What they may include.
const INCLUDED: &str = "ServerAdmin included\nKeepAlive On\n";

/// Lines that are right somewhere.
const RIGHT: [&str; 20] = [
    "ServerAdmin a",
    "ServerAdmin \"a b\"",
    "ServerAdmin 'a \"b\" c'",
    "ServerAdmin ${NAME}",
    "ServerAdmin a${NAME}b",
    "serveradmin a",
    "Timeout 30",
    "Timeout \\\n    30",
    "KeepAlive On",
    "SetEnv A \"b c\"",
    "SetEnv A \\\nb",
    "# a comment",
    "# a comment \\\nthat goes on",
    "Options +Indexes",
    "Require all granted",
    "Require all \\\n    denied",
    "Use Admin me",
    "Use Grant",
    "Include more.conf",
    "Define OTHER ${NAME}",
];

/// Lines that are wrong everywhere.
const WRONG: [&str; 14] = [
    "Nonsense On",
    "KeepAlive Perhaps",
    "Timeout",
    "ServerAdmin a b",
    "Options +Nothing",
    "Options Indexes +ExecCGI",
    "Require nobody",
    "Use Admin",
    "Use Nothing",
    "Include nowhere.conf",
    "</Directory>",
    "</IfModule>",
    "SetEnvIf Host \"(\" A",
    "WSGIScriptAlias /",
];

/// Opening lines, and the names that close them.
const SECTIONS: [(&str, &str); 20] = [
    ("<VirtualHost *:80>", "VirtualHost"),
    ("<Directory /a>", "Directory"),
    ("<Directory ~ \"^/a\">", "Directory"),
    ("<DirectoryMatch \"(\">", "DirectoryMatch"),
    ("<Location /a>", "Location"),
    ("<Files a>", "Files"),
    ("<Files>", "Files"),
    ("<If \"true\">", "If"),
    ("<If \"-z %{HTTP_HOST}\">", "If"),
    ("<If \"(\">", "If"),
    ("<Limit GET>", "Limit"),
    ("<RequireAll>", "RequireAll"),
    ("<RequireAny>", "RequireAny"),
    ("<IfModule alias_module>", "IfModule"),
    ("<IfModule !mod_alias.c>", "IfModule"),
    ("<IfModule nothing.c>", "IfModule"),
    ("<IfDefine NAME>", "IfDefine"),
    ("<IfDefine !NAME>", "IfDefine"),
    ("<IfDefine ${NAME}>", "IfDefine"),
    ("<IfFile /etc/passwd>", "IfFile"),
];

fn line() -> impl Strategy<Value = String> {
    prop_oneof![
        9 => prop::sample::select(RIGHT.to_vec()),
        1 => prop::sample::select(WRONG.to_vec()),
    ]
    .prop_map(|line| format!("{line}\n"))
}

fn lines() -> impl Strategy<Value = String> {
    line().prop_recursive(4, 24, 4, |inner| {
        let inside = prop::collection::vec(inner, 0..4).prop_map(|lines| lines.concat());
        let close = prop_oneof![19 => Just(true), 1 => Just(false)];
        (prop::sample::select(SECTIONS.to_vec()), inside, close).prop_map(|((opening, name), inside, close)| {
            let closing = if close { format!("</{name}>\n") } else { String::new() };
            format!("{opening}\n{inside}{closing}")
        })
    })
}

/// So many configurations after their names, the same each time.
pub(crate) fn some(count: usize) -> Vec<(String, String)> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let file = prop::collection::vec(lines(), 1..4).prop_map(|lines| lines.concat());
    let mut made = Vec::new();
    for number in 0..count {
        let text = file.new_tree(&mut runner).expect("nothing is filtered out").current();
        made.push((format!("generated-{number}"), format!("{BEFORE}{text}#: file more.conf\n{INCLUDED}")));
    }
    made
}
