//! Several files of lines that expansion carries out, put together from a few names so that they meet: they include one another,
//! define, use, test and load. Each byte of the input is one line.

#![no_main]

use std::path::Path;

use libfuzzer_sys::fuzz_target;
use wsgi_httpd::compiler::compile;
use wsgi_httpd_fuzz::{MAIN, points_into, read};

const NAMES: [&str; 4] = ["a", "b", "C", "${a}"];

/// `@` is a name, `\x01` the other one.
const LINES: [&str; 40] = [
    "#: file @.conf",
    "Include @.conf",
    "Include *.conf",
    "IncludeOptional @?.conf",
    "IncludeOptional @/",
    "Define @ \x01",
    "Define @",
    "Define @ ${@}${@}",
    "Define @ \"<Directory /\x01>\"",
    "Define @ ${\x01} more",
    "UnDefine @",
    "SetEnv @ ${\x01}",
    "Set${@} ${\x01",
    "${@}",
    "${@} \\",
    "<Macro @ $x $y>",
    "<Macro @>",
    "</Macro>",
    "Use @ \x01 \x01",
    "Use @",
    "Use $x $y",
    "UndefMacro @",
    "SetEnv $x \"$y\"",
    "<IfDefine @>",
    "<IfDefine !\x01>",
    "</IfDefine>",
    "<IfModule @_module>",
    "</IfModule>",
    "<IfVersion >= 2.4>",
    "</IfVersion>",
    "<IfFile @.conf>",
    "</IfFile>",
    "LoadModule @_module modules/mod_@.so",
    "ServerRoot /etc/\x01",
    "<Directory /@>",
    "</Directory>",
    "<If true>",
    "</If>",
    "WSGIScriptAlias /@ /srv/\x01.wsgi \\",
    "# \\",
];

fuzz_target!(|input: &[u8]| {
    let text: String = input.iter().enumerate().map(|(at, byte)| line(at, *byte)).collect();
    let (files, options) = read(text.as_bytes());
    let Ok(compiled) = compile(&files, Path::new(MAIN), &options) else { return };
    points_into(&compiled.report, &compiled.sources);
});

fn line(at: usize, byte: u8) -> String {
    let byte = usize::from(byte);
    let line = LINES[byte % LINES.len()].replace('@', NAMES[byte / LINES.len() % NAMES.len()]);
    line.replace('\x01', NAMES[(byte / LINES.len() + at) % NAMES.len()]) + "\n"
}
