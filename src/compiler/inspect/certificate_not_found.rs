//! `SSLCertificateFile` and `SSLCertificateKeyFile` that are not there.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};

pub(super) const INSPECTION: Inspection = Inspection { code: &CERTIFICATE_NOT_FOUND, run };

static CERTIFICATE_NOT_FOUND: Code = Code::error(
    "certificate-not-found",
    "a certificate or its key is not there",
    include_str!("certificate_not_found.md"),
)
.predicts(&["AH00526"]);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for directive in ["SSLCertificateFile", "SSLCertificateKeyFile"] {
        for file in deployment.first_words(directive) {
            let Some(path) = deployment.path(&file.value) else { continue };
            // `pkcs11:` and its like name no file.
            if !path.contains(':') && deployment.is_missing(&path) {
                report.push(CERTIFICATE_NOT_FOUND.at(file.span, "no such file"));
            }
        }
    }
}
