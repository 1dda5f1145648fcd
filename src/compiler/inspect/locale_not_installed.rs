//! `lang` and `locale` that the C library does not have.

use super::{Deployment, Inspection};
use crate::compiler::diagnostic::{Code, Report};
use std::path::Path;

pub(super) const INSPECTION: Inspection = Inspection { code: &LOCALE_NOT_INSTALLED, run };

static LOCALE_NOT_INSTALLED: Code = Code::warning(
    "locale-not-installed",
    "a locale is asked for that the machine does not have",
    include_str!("locale_not_installed.md"),
)
.predicts(&["WSGI0079"]);

const FOLDER: &str = "/usr/lib/locale";

fn run(deployment: &Deployment<'_>, report: &mut Report) {
    // Other C libraries than GNU's keep them elsewhere.
    if deployment.server.process_groups.is_empty() || deployment.is_missing(FOLDER) {
        return;
    }
    let groups = deployment.server.process_groups.iter().filter(|group| group.other("chroot").is_none());
    for locale in groups.flat_map(|group| group.lang.iter().chain(&group.locale)) {
        if let Some(name) = archived_name(&locale.value)
            && !is_installed(deployment, &locale.value, &name)
        {
            let found = LOCALE_NOT_INSTALLED.at(locale.span, "not on this machine");
            report.push(found.help("write `C.UTF-8`, or generate it with `locale-gen`"));
        }
    }
}

/// `de_DE.utf8` for `de_DE.UTF-8`; `None` for what is always there and for what has several names.
fn archived_name(locale: &str) -> Option<String> {
    let (language, codes) = locale.split_once('.')?;
    let plain = !locale.contains(['@', '$', '%', '/']) && language != "C" && language != "POSIX";
    plain.then(|| format!("{language}.{}", codes.to_ascii_lowercase().replace('-', "")))
}

fn is_installed(deployment: &Deployment<'_>, written: &str, name: &str) -> bool {
    let folders = [written, name].map(|name| format!("{FOLDER}/{name}"));
    let archive = format!("{FOLDER}/locale-archive");
    let archive = Path::new(&archive);
    folders.iter().any(|folder| !deployment.is_missing(folder))
        || deployment.machine.kind(archive).is_some()
            && deployment
                .machine
                .read(archive)
                .map_or(true, |bytes| bytes.windows(name.len()).any(|window| window == name.as_bytes()))
}
