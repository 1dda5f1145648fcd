//! Files and folders that Apache opens while it reads its configuration.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;
use crate::compiler::source::Span;

pub(super) const INSPECTION: Inspection = Inspection { code: &REQUIRED_PATH_NOT_FOUND, run };

static REQUIRED_PATH_NOT_FOUND: Code = Code::error(
    "required-path-not-found",
    "a file or folder without which Apache does not start is not there",
    include_str!("required_path_not_found.md"),
)
.predicts(&["AH00526"]);

/// Directives that name such a file or folder in their first word.
const OPENED: [&str; 24] = [
    "ChrootDir",
    "CoreDumpDirectory",
    "DefaultRuntimeDir",
    "LoadFile",
    "RemoteIPInternalProxyList",
    "RemoteIPTrustedProxyList",
    "SessionCryptoPassphraseFile",
    "SSLCACertificateFile",
    "SSLCACertificatePath",
    "SSLCADNRequestFile",
    "SSLCADNRequestPath",
    "SSLCARevocationFile",
    "SSLCARevocationPath",
    "SSLCertificateChainFile",
    "SSLOCSPResponderCertificateFile",
    "SSLProxyCACertificateFile",
    "SSLProxyCACertificatePath",
    "SSLProxyCARevocationFile",
    "SSLProxyCARevocationPath",
    "SSLProxyMachineCertificateChainFile",
    "SSLProxyMachineCertificateFile",
    "SSLProxyMachineCertificatePath",
    "SSLSessionTicketKeyFile",
    "SSLSRPVerifierFile",
];

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // Our own runtime opens none of them.
    if deployment.server.judge == Judge::WsgiServe {
        return;
    }
    for directive in OPENED {
        for named in deployment.first_words(directive) {
            // A program, or a key in a store, is no file.
            if !named.value.contains([':', '|']) && named.value != "none" {
                judge(deployment, &named.value, named.span, report);
            }
        }
    }
    for line in deployment.server.lines("MDExternalAccountBinding") {
        // Of two words the first is the name of a key.
        if let [file] = line.words.as_slice()
            && !file.value.eq_ignore_ascii_case("none")
        {
            judge(deployment, &file.value, file.span, report);
        }
    }
    for line in deployment.server.lines("RewriteMap") {
        if let (Some(source), Some(file)) = (line.words.get(1), file_of_map(line.word(1))) {
            judge(deployment, file, source.span, report);
        }
    }
}

fn judge(deployment: &Deployment<'_>, named: &str, span: Span, report: &mut Report) {
    let Some(path) = deployment.path(named) else { return };
    if deployment.is_missing(&path) {
        let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
        report.push(REQUIRED_PATH_NOT_FOUND.at(span, "not there").maybe_help(help));
    }
}

/// The file that a `RewriteMap` reads, or the program that it starts.
fn file_of_map(source: &str) -> Option<&str> {
    match source.split_once(':') {
        Some((kind, file)) if kind.eq_ignore_ascii_case("txt") || kind.eq_ignore_ascii_case("rnd") => Some(file),
        Some((kind, program)) if kind.eq_ignore_ascii_case("prg") => program.split_whitespace().next(),
        // Databases add endings of their own.
        Some((kind, _)) if ["int", "dbd", "fastdbd"].iter().any(|known| kind.eq_ignore_ascii_case(known)) => None,
        Some((kind, _)) if kind.get(..3).is_some_and(|start| start.eq_ignore_ascii_case("dbm")) => None,
        _ => Some(source),
    }
}
