//! Python installations and virtual environments, as their folders show them.

use std::fmt;
use std::path::{Path, PathBuf};

use crate::compiler::source::{FileKind, Look, Machine};

/// The version of a Python, as far as it decides what fits to what.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version {
    /// 3.
    pub major: u8,
    /// 11.
    pub minor: u8,
}

impl Version {
    /// `3.11`, and what begins so: `3.11.2`, `3.11.2.final.0`.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let mut numbers = text.trim().split('.');
        let major = numbers.next()?.parse().ok()?;
        let minor: String = numbers.next()?.chars().take_while(char::is_ascii_digit).collect();
        Some(Self { major, minor: minor.parse().ok()? })
    }

    /// The version in `python3.11`.
    pub(super) fn of_name(name: &str) -> Option<Self> {
        Self::parse(name.strip_prefix("python")?)
    }

    /// The version that a library or an extension names in its tag: `cpython-311`, `cp39`.
    pub(super) fn of_tag(digits: &str) -> Option<Self> {
        let digits: String = digits.chars().take_while(char::is_ascii_digit).collect();
        let (major, minor) = digits.split_at_checked(1)?;
        Some(Self { major: major.parse().ok()?, minor: minor.parse().ok()? })
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// The home of a Python.
#[derive(Debug, Default)]
pub(super) struct Environment {
    /// Its version; `None` when the folder does not say it for certain.
    pub version: Option<Version>,
    /// Whether it is built to run without a GIL; `None` when the folder does not say it for certain.
    pub free_threaded: Option<bool>,
    /// The folders of installed packages.
    pub site_packages: Vec<PathBuf>,
}

/// Why a folder is no home of a Python.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum NoHome {
    /// Nothing is there.
    Missing,
    /// It is no folder.
    NotAFolder,
    /// No Python is in it.
    NoPython,
    /// It is a virtual environment of a Python that is gone: the folder where that was, and its name.
    Gone(PathBuf, String),
    /// Whoever runs the check cannot see it.
    Hidden,
}

/// The Python at a prefix.
pub(super) fn environment(machine: &dyn Machine, prefix: &Path) -> Result<Environment, NoHome> {
    match machine.look(prefix) {
        Look::Missing => return Err(NoHome::Missing),
        Look::Hidden => return Err(NoHome::Hidden),
        Look::There(status) if status.kind != FileKind::Folder => return Err(NoHome::NotAFolder),
        Look::There(_) => {}
    }
    let marker = prefix.join("pyvenv.cfg");
    let (versions, site_packages) = libraries(machine, prefix);
    if machine.look(&marker) == Look::Missing {
        let standard = versions.iter().filter(|(_, standard)| *standard).map(|(version, _)| *version);
        let mut standard: Vec<Version> = standard.collect();
        standard.dedup();
        if standard.is_empty() && !has_python(machine, prefix) {
            return Err(NoHome::NoPython);
        }
        // `/usr` may hold several; which one is meant is mod_wsgi's affair.
        let version = if let [only] = standard[..] { Some(only) } else { None };
        let free_threaded = version.and_then(|version| is_free_threaded(machine, prefix, version));
        return Ok(Environment { version, free_threaded, site_packages });
    }
    let Ok(text) = machine.read(&marker) else { return Err(NoHome::Hidden) };
    let settings = Settings::parse(&String::from_utf8_lossy(&text));
    if let (Some(home), Some(version)) = (&settings.home, settings.version)
        && is_gone(machine, home, version)
    {
        return Err(NoHome::Gone(home.clone(), format!("python{version}")));
    }
    let free_threaded = settings.version.and_then(|version| is_free_threaded(machine, prefix, version));
    Ok(Environment { version: settings.version, free_threaded, site_packages })
}

/// The folder of a free-threaded Python is `python3.14t`; a prefix may have both.
fn is_free_threaded(machine: &dyn Machine, prefix: &Path, version: Version) -> Option<bool> {
    let has = |name: String| {
        let folders = ["lib", "lib64"].map(|library| prefix.join(library).join(&name));
        folders.iter().any(|folder| machine.kind(folder) == Some(FileKind::Folder))
    };
    match (has(format!("python{version}")), has(format!("python{version}t"))) {
        (true, false) => Some(false),
        (false, true) => Some(true),
        _ => None,
    }
}

/// What `pyvenv.cfg` says.
struct Settings {
    /// The folder of the `python` that it was made with.
    home: Option<PathBuf>,
    version: Option<Version>,
}

impl Settings {
    fn parse(text: &str) -> Self {
        let mut settings = Self { home: None, version: None };
        for (key, value) in text.lines().filter_map(|line| line.split_once('=')) {
            match key.trim() {
                "home" => settings.home = Some(PathBuf::from(value.trim())),
                "version" | "version_info" => settings.version = Version::parse(value),
                _ => {}
            }
        }
        settings
    }
}

/// Neither the program nor the standard library of that version is where the environment looks for it.
fn is_gone(machine: &dyn Machine, home: &Path, version: Version) -> bool {
    let name = format!("python{version}");
    let prefix = home.parent().unwrap_or(home);
    let built = format!("{name}t");
    let libraries = ["lib", "lib64"].map(|library| prefix.join(library));
    let mut places = vec![home.join(&name), home.join(&built)];
    places.extend(libraries.iter().flat_map(|library| [library.join(&name), library.join(&built)]));
    home.is_absolute() && places.iter().all(|place| machine.look(place) == Look::Missing)
}

/// Every version that has a folder in `lib`, with whether it is a standard library; and the folders of packages.
fn libraries(machine: &dyn Machine, prefix: &Path) -> (Vec<(Version, bool)>, Vec<PathBuf>) {
    let mut versions = Vec::new();
    let mut site_packages = Vec::new();
    for library in ["lib", "lib64", "local/lib"] {
        let folder = prefix.join(library);
        // In a virtual environment `lib64` is a link to `lib`.
        if library == "lib64" && machine.identity(&folder) == machine.identity(&prefix.join("lib")) {
            continue;
        }
        for name in machine.list(&folder).unwrap_or_default() {
            let python = folder.join(&name);
            if let Some(version) = Version::of_name(&name) {
                versions.push((version, matches!(machine.look(&python.join("os.py")), Look::There(_))));
            } else if name != "python3" {
                continue;
            }
            let packages = ["site-packages", "dist-packages"].map(|packages| python.join(packages));
            site_packages.extend(packages.into_iter().filter(|path| machine.kind(path) == Some(FileKind::Folder)));
        }
    }
    versions.sort_unstable();
    (versions, site_packages)
}

fn has_python(machine: &dyn Machine, prefix: &Path) -> bool {
    machine.list(&prefix.join("bin")).is_ok_and(|names| names.iter().any(|name| name.starts_with("python")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_from_names() {
        let known = Some(Version { major: 3, minor: 11 });
        assert_eq!(Version::parse("3.11.2"), known);
        assert_eq!(Version::parse("3.11rc1"), known);
        assert_eq!(Version::of_name("python3.11"), known);
        assert_eq!(Version::of_tag("311-x86_64-linux-gnu"), known);
        assert_eq!(Version::of_name("python3"), None);
        assert_eq!(Version::of_tag("3"), None);
    }
}
