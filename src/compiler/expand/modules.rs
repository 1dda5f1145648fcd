//! Which modules are there: what `<IfModule>` asks about.

use std::collections::BTreeSet;

/// The version of httpd that `<IfVersion>` compares with: the newest release of 2.4 when this was written.
pub const VERSION: [u32; 3] = [2, 4, 66];

/// What our runtime has in it, and what any Apache that runs mod_wsgi is taken to have. By name without `mod_` and `_module`.
const BUILT_IN: [&str; 17] = [
    "so",
    "http",
    "log_config",
    "logio",
    "version",
    "unixd",
    "watchdog",
    "wsgi",
    "alias",
    "authz_core",
    "authz_host",
    "access_compat",
    "mime",
    "dir",
    "env",
    "setenvif",
    "filter",
];

/// Names that do not follow `x_module` and `mod_x.c`.
const CORE: [&str; 4] = ["core_module", "core.c", "http_core.c", "http_module"];

pub(super) fn built_in(own_runtime: bool) -> BTreeSet<String> {
    let mut modules: BTreeSet<String> = CORE.iter().map(|name| (*name).to_owned()).collect();
    for name in BUILT_IN {
        load(&mut modules, &format!("{name}_module"));
    }
    if own_runtime {
        load(&mut modules, "wsgi_httpd_module");
    }
    modules
}

/// `LoadModule NAME`: from here on `<IfModule>` knows it by its name and by its source file.
pub(super) fn load(modules: &mut BTreeSet<String>, name: &str) {
    modules.insert(name.to_owned());
    if let Some(stem) = name.strip_suffix("_module") {
        modules.insert(format!("mod_{stem}.c"));
        if let Some(mpm) = stem.strip_prefix("mpm_") {
            modules.insert(format!("{mpm}.c"));
        }
    }
}
