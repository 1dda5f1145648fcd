//! The Pythons of this machine, each with a virtual environment of its own to serve from.

use std::collections::HashSet;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{LazyLock, Mutex};
use std::{env, fs};

use super::server::{target_folder, tests_apache};

/// A CPython from 3.9 on.
#[derive(Debug, Clone)]
pub(crate) struct Python {
    /// `sys.executable`, links followed.
    pub(crate) program: PathBuf,
    /// `3.11.7`.
    pub(crate) version: String,
    /// The second number of the version.
    pub(crate) minor: u32,
    /// It is built so that it can run without a GIL.
    pub(crate) free_threaded: bool,
}

/// Versions that are looked for.
const MINORS: RangeInclusive<u32> = 9..=19;

/// Every Python found: pyenv's, those on `PATH`, the system's. Oldest first.
pub(crate) fn pythons() -> &'static [Python] {
    static FOUND: LazyLock<Vec<Python>> = LazyLock::new(find);
    &FOUND
}

/// The one that tests use which do not care: the newest that most distributions have by now.
pub(crate) fn default_python() -> &'static Python {
    let all = pythons();
    all.iter()
        .rfind(|python| python.minor <= 13 && !python.free_threaded)
        .or(all.last())
        .expect("a CPython from 3.9 on is installed")
}

/// Those that can run without a GIL.
pub(crate) fn free_threaded_pythons() -> impl Iterator<Item = &'static Python> {
    pythons().iter().filter(|python| python.free_threaded)
}

/// The system's own, which every account can execute.
pub(crate) fn system_python() -> Option<&'static Python> {
    pythons().iter().find(|python| python.program.starts_with("/usr"))
}

impl Python {
    /// A virtual environment without packages, made on first use and kept in `target/venvs`.
    pub(crate) fn venv(&self) -> PathBuf {
        static LOCK: Mutex<()> = Mutex::new(());
        let _one_at_a_time = LOCK.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let system = if self.program.starts_with("/usr") { "-system" } else { "" };
        let build = if self.free_threaded { "t" } else { "" };
        let folder = target_folder().join("venvs").join(format!("bare-{}{build}{system}", self.version));
        if !folder.join("pyvenv.cfg").exists() {
            // Another test program may do the same: whole folders only, by rename.
            let draft = folder.with_extension(format!("draft-{}", std::process::id()));
            let made = Command::new(&self.program).args(["-m", "venv", "--without-pip"]).arg(&draft).status();
            assert!(made.is_ok_and(|status| status.success()), "{} -m venv fails", self.program.display());
            if fs::rename(&draft, &folder).is_err() {
                fs::remove_dir_all(&draft).ok();
            }
        }
        folder
    }
}

fn find() -> Vec<Python> {
    let mut candidates = Vec::new();
    let pyenv = env::var_os("PYENV_ROOT")
        .map(PathBuf::from)
        .or_else(|| env::var_os("HOME").map(|home| Path::new(&home).join(".pyenv")));
    if let Some(versions) = pyenv.and_then(|root| fs::read_dir(root.join("versions")).ok()) {
        candidates.extend(versions.flatten().map(|entry| entry.path().join("bin/python3")));
    }
    for build in ["", "t"] {
        candidates.extend(MINORS.map(|minor| PathBuf::from(format!("python3.{minor}{build}"))));
    }
    candidates.extend(["python3", "/usr/bin/python3"].map(PathBuf::from));
    if tests_apache() {
        // Its mod_wsgi is built for one Python, and runs no other.
        candidates = vec![env::var_os("WSGI_SERVE_PYTHON").map_or("/usr/bin/python3".into(), PathBuf::from)];
    }
    let mut seen = HashSet::new();
    let mut found: Vec<Python> = candidates.iter().filter_map(|program| examine(program)).collect();
    found.retain(|python| MINORS.contains(&python.minor) && seen.insert(python.program.clone()));
    found.sort_by_key(|python| python.minor);
    found
}

fn examine(program: &Path) -> Option<Python> {
    let ask = "import os, sys; assert sys.implementation.name == 'cpython'; \
               print('%d.%d.%d' % sys.version_info[:3], sys.version_info[1], 't' in sys.abiflags, \
               os.path.realpath(sys.executable))";
    let output = Command::new(program).args(["-c", ask]).output().ok().filter(|output| output.status.success())?;
    let text = String::from_utf8(output.stdout).ok()?;
    let mut words = text.trim_end().splitn(4, ' ');
    let (version, minor, free_threaded, program) = (words.next()?, words.next()?, words.next()?, words.next()?);
    Some(Python {
        program: program.into(),
        version: version.into(),
        minor: minor.parse().ok()?,
        free_threaded: free_threaded == "True",
    })
}
