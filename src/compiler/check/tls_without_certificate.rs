//! TLS needs a certificate.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Host, Line, Server};

pub(super) const CHECK: Check = Check { code: &TLS_WITHOUT_CERTIFICATE, run };

static TLS_WITHOUT_CERTIFICATE: Code = Code::error(
    "tls-without-certificate",
    "a virtual host speaks TLS and has no certificate",
    include_str!("tls_without_certificate.md"),
)
.of_absence()
.predicts(&["AH02572"]);

fn run(server: &Server, report: &mut Report) {
    // mod_md brings certificates of its own, and a fragment may have them from where it is included.
    let managed = server.beyond.macros || !server.beyond.stands_alone || server.beyond.failed.contains("MDomain");
    if managed || has_certificate(server.main()) {
        return;
    }
    for host in server.hosts.iter().filter(|host| !has_certificate(host)) {
        if let Some(engine) = host.settings.line("SSLEngine").filter(|line| Line::is_on(line)) {
            let found = TLS_WITHOUT_CERTIFICATE.at(engine.span, "with no certificate");
            report.push(found.help("add `SSLCertificateFile` and `SSLCertificateKeyFile`"));
        }
    }
}

fn has_certificate(host: &Host) -> bool {
    host.settings.line("SSLCertificateFile").is_some()
}
