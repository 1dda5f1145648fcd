//! Private keys of TLS with the right to read for everybody.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::source::Look;

pub(super) const INSPECTION: Inspection = Inspection { code: &PRIVATE_KEY_READABLE, run };

static PRIVATE_KEY_READABLE: Code = Code::warning(
    "private-key-readable",
    "everybody on the machine may read a private key",
    include_str!("private_key_readable.md"),
);

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    for key in deployment.first_words("SSLCertificateKeyFile") {
        let Some(path) = deployment.path(&key.value) else { continue };
        if let Look::There(status) = deployment.look(&path)
            && status.mode & 0o004 != 0
        {
            let found = PRIVATE_KEY_READABLE.at(key.span, "readable for everybody");
            report.push(found.help(format!("`chmod o-r {path}`")));
        }
    }
}
