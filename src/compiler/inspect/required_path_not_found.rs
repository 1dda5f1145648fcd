//! Files and folders that Apache opens while it reads its configuration.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Judge;

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
            let Some(path) = deployment.path(&named.value) else { continue };
            // A program, or a key in a store, is no file.
            if !named.value.contains([':', '|']) && named.value != "none" && deployment.is_missing(&path) {
                let help = deployment.nearest_entry(&path).map(|near| format!("there is `{near}`"));
                report.push(REQUIRED_PATH_NOT_FOUND.at(named.span, "not there").maybe_help(help));
            }
        }
    }
}
