//! A certificate is used where `SSLEngine` is on.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::Server;

pub(super) const CHECK: Check = Check { code: &CERTIFICATE_WITHOUT_TLS, run };

static CERTIFICATE_WITHOUT_TLS: Code = Code::warning(
    "certificate-without-tls",
    "a virtual host has a certificate and does not speak TLS",
    include_str!("certificate_without_tls.md"),
)
.of_absence();

fn run(server: &Server, report: &mut Report) {
    let switched = |settings: &crate::compiler::model::Settings| settings.line("SSLEngine").is_some();
    // Where a file could not be read, the line may stand in it.
    let unread = report.iter().any(|found| found.code.name.starts_with("include-"));
    if unread || server.beyond.macros || switched(&server.main().settings) {
        return;
    }
    for host in &server.hosts[1..] {
        let certificate = host.settings.line("SSLCertificateFile");
        if let Some(certificate) = certificate.filter(|_| !switched(&host.settings)) {
            let found = CERTIFICATE_WITHOUT_TLS.at(certificate.span, "never used");
            report.push(found.help("add `SSLEngine On`"));
        }
    }
}
