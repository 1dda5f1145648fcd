//! Which modules are there: what `<IfModule>` asks about, and what decides which directives Apache knows.

use std::collections::{BTreeSet, HashSet};
use std::sync::LazyLock;

use crate::compiler::source::Spanned;

/// The version of httpd that `<IfVersion>` compares with: the newest release of 2.4 when this was written.
pub const VERSION: [u32; 3] = [2, 4, 66];

/// What is compiled into Apache by Debian, Red Hat or a plain build; whoever is asked, it may be there without `LoadModule`.
const COMPILED_IN: [&str; 8] = [
    "core_module",
    "so_module",
    "http_module",
    "watchdog_module",
    "log_config_module",
    "logio_module",
    "version_module",
    "unixd_module",
];

/// What any Apache that runs mod_wsgi is taken to have, unless the configuration is taken at its word.
const TAKEN_FOR_GRANTED: [&str; 9] = [
    "wsgi_module",
    "alias_module",
    "authz_core_module",
    "authz_host_module",
    "access_compat_module",
    "mime_module",
    "dir_module",
    "env_module",
    "setenvif_module",
];

/// Further modules whose work our own runtime does.
const CARRIED_OUT: [&str; 6] = [
    "auth_basic_module",
    "auth_digest_module",
    "authn_core_module",
    "authn_file_module",
    "authz_user_module",
    "authz_groupfile_module",
];

/// And `filter_module`, which is loaded wherever mime or deflate is.
const FILTER: &str = "filter_module";

/// The modules of Apache's distribution, and mod_wsgi.
const DISTRIBUTED: &str = include_str!("modules.txt");

/// One `LoadModule`.
#[derive(Debug, Clone)]
pub struct LoadedModule {
    /// The name of the module.
    pub name: String,
    /// Its file.
    pub file: Spanned<String>,
}

/// The modules of a configuration.
#[derive(Debug, Clone)]
pub struct Modules {
    /// By identifier and by source file.
    names: BTreeSet<String>,
    /// What `LoadModule` added: identifier and file.
    loaded: Vec<LoadedModule>,
    strict: bool,
    /// Others may be there that nobody names.
    open: bool,
}

impl Modules {
    /// The modules before the first line. `strict`: only what is compiled in.
    pub(super) fn new(own_runtime: bool, strict: bool) -> Self {
        let mut modules = Self { names: BTreeSet::new(), loaded: Vec::new(), strict, open: false };
        for name in COMPILED_IN {
            modules.add(name);
        }
        if !strict {
            for name in TAKEN_FOR_GRANTED.iter().chain([&FILTER]) {
                modules.add(name);
            }
        }
        if own_runtime {
            modules.add("wsgi_httpd_module");
            for name in CARRIED_OUT {
                modules.add(name);
            }
        }
        modules
    }

    /// The same where no module is ruled out.
    pub(super) fn of_any_kind(own_runtime: bool) -> Self {
        Self { open: true, ..Self::new(own_runtime, false) }
    }

    /// `LoadModule NAME FILE`.
    pub(super) fn load(&mut self, name: &str, file: Spanned<String>) {
        self.add(name);
        self.loaded.push(LoadedModule { name: name.to_owned(), file });
    }

    /// What `LoadModule` added, in order.
    pub fn loaded(&self) -> &[LoadedModule] {
        &self.loaded
    }

    fn add(&mut self, name: &str) {
        self.names.insert(source_file(name));
        self.names.insert(name.to_owned());
    }

    /// Whether a module of this identifier or source file is there.
    pub fn has(&self, name: &str) -> bool {
        self.names.contains(name)
    }

    /// Whether one of the modules that have a directive is there, by their source files, separated by commas.
    pub fn has_one_of(&self, files: &str) -> bool {
        let mpm_may_be_compiled_in = !self.strict && !self.loaded.iter().any(|module| module.name.starts_with("mpm_"));
        files.split(',').any(|file| self.has(file) || mpm_may_be_compiled_in && is_mpm(file))
    }

    /// Whether a directive of a module that is not there would be refused: the configuration says itself which modules there
    /// are, or is taken at its word.
    pub fn are_all_named(&self) -> bool {
        let names_its_own =
            |module: &LoadedModule| module.name.starts_with("mpm_") || module.name == "authz_core_module";
        self.strict || self.loaded.iter().any(names_its_own)
    }

    /// Whether the whole server is here: what runs it is loaded, and something to run beside it.
    pub fn are_of_a_whole_server(&self) -> bool {
        let mut mpms = self.loaded.iter().map(|module| module.name.starts_with("mpm_"));
        mpms.clone().any(|mpm| mpm) && mpms.any(|mpm| !mpm)
    }

    /// Whether a module may be there that is not loaded here: that of Apache's distribution which `<IfModule>` asks for, as long
    /// as no line says that these are all. One of the multi-processing modules is there, and nobody knows which.
    pub(super) fn may_have(&self, name: &str) -> bool {
        let file = source_file(&identifier(name));
        let ours = name.starts_with("wsgi_httpd") || name.starts_with("mod_wsgi_httpd");
        !self.are_all_named() && is_known(name) && !ours && !is_mpm(name) && !is_mpm(&file)
    }

    /// Whether only what is loaded is there.
    pub fn are_strict(&self) -> bool {
        self.strict
    }

    /// Whether `LoadModule` was read.
    pub fn any_loaded(&self) -> bool {
        !self.loaded.is_empty()
    }

    /// Whether a module is loaded whose directives we cannot know.
    pub fn have_strangers(&self) -> bool {
        self.open || self.loaded.iter().any(|module| !is_distributed(&module.name))
    }

    /// The line that loads the module of a source file, from where the others are loaded.
    pub fn load_line(&self, file: &str) -> String {
        let file = file.split(',').next().unwrap_or_default();
        let name = identifier(file);
        let stem = name.strip_suffix("_module").unwrap_or(&name);
        let mut others = self.loaded.iter().rev().filter(|module| !module.name.starts_with("wsgi"));
        let distributed = others.find(|module| is_distributed(&module.name));
        let folder =
            distributed.and_then(|module| module.file.value.rsplit_once('/')).map_or("modules", |(folder, _)| folder);
        format!("LoadModule {name} {folder}/mod_{stem}.so")
    }
}

/// Whether `<IfModule>` asks for a module that comes with Apache, or for mod_wsgi.
pub(super) fn is_known(name: &str) -> bool {
    is_distributed(name) || is_distributed(&identifier(name))
}

/// Whether a module comes with Apache or is mod_wsgi.
fn is_distributed(name: &str) -> bool {
    static NAMES: LazyLock<HashSet<&str>> = LazyLock::new(|| DISTRIBUTED.lines().collect());
    name.starts_with("mpm_") && name != "mpm_itk_module" || NAMES.contains(name)
}

/// The source file of a module, by which `<IfModule>` may ask for it.
fn source_file(name: &str) -> String {
    let stem = name.strip_suffix("_module").unwrap_or(name);
    match stem {
        "core" => "core.c".to_owned(),
        "http" => "http_core.c".to_owned(),
        "ldap" => "util_ldap.c".to_owned(),
        _ => match stem.strip_prefix("mpm_") {
            Some(mpm) => format!("{mpm}.c"),
            None => format!("mod_{stem}.c"),
        },
    }
}

/// The identifier of the module of a source file.
fn identifier(file: &str) -> String {
    let stem = file.strip_suffix(".c").unwrap_or(file);
    match stem {
        "util_ldap" => "ldap_module".to_owned(),
        "http_core" => "http_module".to_owned(),
        _ if is_mpm(file) => format!("mpm_{stem}_module"),
        _ => format!("{}_module", stem.strip_prefix("mod_").unwrap_or(stem)),
    }
}

fn is_mpm(file: &str) -> bool {
    matches!(file, "event.c" | "worker.c" | "prefork.c")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_module_has_two_names() {
        for name in DISTRIBUTED.lines().filter(|name| *name != "core_module") {
            assert_eq!(identifier(&source_file(name)), name);
        }
    }
}
