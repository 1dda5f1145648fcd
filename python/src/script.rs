//! Loading and reloading of WSGI scripts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;

use crate::forked;
use crate::gateway::errors::{CALLING, Codes, is_exit, log_raised};
use crate::gil::Guarded;
use crate::interpreter::{Interpreter, lock};
use crate::log::{self, Client};
use crate::module::settings;
use crate::object::{Attached, Object, Raised, Result};

/// Whether a script has been loaded in this process.
static LOADED: AtomicBool = AtomicBool::new(false);

/// Whether a script has been loaded in this process.
pub(crate) fn any_loaded() -> bool {
    LOADED.load(Ordering::Relaxed)
}

/// One WSGI script in one interpreter.
pub(crate) struct Script {
    file: Vec<u8>,
    /// Held, detached, while the script is loaded: other scripts are not kept waiting.
    loading: Mutex<()>,
    module: Guarded<Option<Object>>,
    /// The batch of calls for which the file was last examined.
    examined: AtomicU64,
}

/// What became of a script that was asked for.
pub(crate) enum Readiness {
    /// It is loaded; this is its module's dict.
    Ready(Object),
    /// Its file is not there.
    Missing,
    /// It could not be loaded; the error log says why.
    Failed,
    /// It has changed since it was loaded.
    Changed,
}

/// What to do with a script that has changed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reloading {
    /// Nothing: `WSGIScriptReloading Off`.
    Off,
    /// Load it again: embedded mode.
    Here,
    /// Say so, since the process has to be replaced: daemon mode.
    Elsewhere,
}

/// How far a script that cannot be loaded came.
#[derive(Clone, Copy)]
enum Stage {
    Compiling,
    Running,
}

impl Stage {
    /// What the error log calls it: for a request, or before there is one.
    fn codes(self, for_request: bool) -> Codes {
        match (self, for_request) {
            (Self::Compiling, true) => ["WSGI0105", "WSGI0107"],
            (Self::Compiling, false) => ["WSGI0106", "WSGI0108"],
            (Self::Running, true) => ["WSGI0109", "WSGI0107"],
            (Self::Running, false) => ["WSGI0110", "WSGI0108"],
        }
    }
}

impl Script {
    /// A script that is not loaded yet.
    pub(crate) fn new(file: &[u8]) -> Self {
        Self { file: file.to_vec(), loading: Mutex::default(), module: Guarded::new(None), examined: AtomicU64::new(0) }
    }

    /// The script's module, loaded if need be. `batch` is [`wsgi_httpd::runtime::exchange::Call::batch`]: the file is examined
    /// once for all calls of a batch.
    pub(crate) fn ready(
        &self,
        attached: Attached<'_>,
        interpreter: &'static Interpreter,
        reloading: Reloading,
        batch: u64,
        client: Client<'_>,
    ) -> Readiness {
        if let Some(module) = self.loaded(attached) {
            if reloading == Reloading::Off {
                return globals(attached, &module);
            }
            if let Readiness::Ready(globals) = globals(attached, &module)
                && !self.has_changed(attached, interpreter, &globals, batch, client)
            {
                return Readiness::Ready(globals);
            }
            if reloading == Reloading::Elsewhere {
                return Readiness::Changed;
            }
        }
        self.load(attached, interpreter, reloading, client)
    }

    fn loaded(&self, attached: Attached<'_>) -> Option<Object> {
        self.module.with(attached, |module| module.as_ref().map(|module| module.share(attached)))
    }

    fn load(
        &self,
        attached: Attached<'_>,
        interpreter: &'static Interpreter,
        reloading: Reloading,
        client: Client<'_>,
    ) -> Readiness {
        // Never waited for with the GIL held: the thread that loads needs it.
        let _loading = attached.detached(|| lock(&self.loading));
        if let Some(module) = self.loaded(attached) {
            // Another thread was faster.
            if reloading == Reloading::Off || !self.has_changed(attached, interpreter, &module, 0, client) {
                return globals(attached, &module);
            }
            let name = format!("script '{}' has changed: loading it again", self.name());
            log::write(LogLevel::Info, client, name);
        }
        let file = OsStr::from_bytes(&self.file);
        let source = attached.detached(|| std::fs::read(file).map(|source| (source, modified(&self.file))));
        let (source, modified) = match source {
            Ok(read) => read,
            Err(error) => {
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                let code = match client {
                    Some(_) if missing => "WSGI0135",
                    Some(_) => "WSGI0105",
                    None => "WSGI0106",
                };
                let text = format!("{code}: cannot read WSGI script '{}': {error}", self.name());
                log::write(LogLevel::Error, client, text);
                return if missing { Readiness::Missing } else { Readiness::Failed };
            }
        };
        let text = format!("loading WSGI script '{}'", self.name());
        log::write(LogLevel::Info, client, text);
        let executed = self.execute(attached, interpreter, &source, modified);
        if forked::here() {
            forked::leave(attached, interpreter, client, executed.is_err());
        }
        let module = match executed {
            Ok(module) => module,
            Err(stage) => {
                let text = format!("WSGI script '{}' cannot be loaded:", self.name());
                log_raised(attached, interpreter, client, stage.codes(client.is_some()), &text);
                self.clear(attached);
                return Readiness::Failed;
            }
        };
        let old = self.module.with(attached, |place| place.replace(module.share(attached)));
        drop(old);
        LOADED.store(true, Ordering::Relaxed);
        globals(attached, &module)
    }

    /// Runs it as a service script: `SystemExit` is its regular end.
    pub(crate) fn run_service(&self, attached: Attached<'_>, interpreter: &'static Interpreter) {
        let source = attached.detached(|| std::fs::read(OsStr::from_bytes(&self.file)));
        let source = match source {
            Ok(source) => source,
            Err(error) => {
                let text = format!("WSGI0106: cannot read service script '{}': {error}", self.name());
                log::write(LogLevel::Error, None, text);
                return;
            }
        };
        let executed = self.execute(attached, interpreter, &source, None);
        if forked::here() {
            forked::leave(attached, interpreter, None, executed.is_err());
        }
        if let Err(stage) = executed
            && !is_exit(attached)
        {
            let text = format!("exception in service script '{}':", self.name());
            log_raised(attached, interpreter, None, stage.codes(false), &text);
        }
    }

    fn execute(
        &self,
        attached: Attached<'_>,
        interpreter: &Interpreter,
        source: &[u8],
        modified: Option<i64>,
    ) -> std::result::Result<Object, Stage> {
        let code = self.compile(attached, interpreter, source).map_err(|Raised| Stage::Compiling)?;
        self.run(attached, interpreter, &code, modified).map_err(|Raised| Stage::Running)
    }

    fn compile(&self, attached: Attached<'_>, interpreter: &Interpreter, source: &[u8]) -> Result<Object> {
        let arguments = Object::tuple(
            attached,
            [
                Object::bytes(attached, source)?,
                Object::file_name(attached, &self.file)?,
                Object::text(attached, "exec")?,
                Object::integer(attached, 0)?,
                Object::boolean(attached, true),
            ],
        )?;
        interpreter.holder(attached).compile.call_tuple(attached, &arguments)
    }

    fn run(
        &self,
        attached: Attached<'_>,
        interpreter: &Interpreter,
        code: &Object,
        modified: Option<i64>,
    ) -> Result<Object> {
        let holder = interpreter.holder(attached);
        let file = Object::file_name(attached, &self.file)?;
        let mut named = self.file.clone();
        if settings().interpreters.case_insensitive {
            named.make_ascii_lowercase();
        }
        let digest =
            holder.digest.call_tuple(attached, &Object::tuple(attached, [Object::bytes(attached, &named)?])?)?;
        let name = Object::text(attached, &format!("_mod_wsgi_{}", digest.as_str(attached)?))?;
        // SAFETY: the objects are valid. The module is in `sys.modules` while it runs, and taken out again when it raises.
        let module = unsafe {
            Object::owned(ffi::PyImport_ExecCodeModuleObject(
                name.as_ptr(),
                code.as_ptr(),
                file.as_ptr(),
                std::ptr::null_mut(),
            ))?
        };
        if let Some(modified) = modified {
            module.set_attribute(attached, c"__mtime__", &Object::integer(attached, modified)?)?;
        }
        Ok(module)
    }

    /// The rule of `mod_wsgi`: `__mtime__` is missing or differs from the file's, the file cannot be examined, or the module's
    /// `reload_required(path)` says so.
    fn has_changed(
        &self,
        attached: Attached<'_>,
        interpreter: &'static Interpreter,
        globals: &Object,
        batch: u64,
        client: Client<'_>,
    ) -> bool {
        let names = &interpreter.holder(attached).names;
        if batch == 0 || self.examined.load(Ordering::Relaxed) != batch {
            self.examined.store(batch, Ordering::Relaxed);
            let loaded = globals.item(attached, &names.mtime).and_then(|time| time.as_integer(attached));
            if loaded.is_none() || loaded != modified(&self.file) {
                return true;
            }
        }
        let Some(required) = globals.item(attached, &names.reload_required) else { return false };
        // What is asked for, which is another file where the script is a handler's.
        let resource = client.and_then(|entries| entries.iter().find(|(name, _)| *name == b"SCRIPT_FILENAME"));
        let resource = resource.map_or(&*self.file, |(_, value)| value);
        let answer = Object::file_name(attached, resource)
            .and_then(|file| Object::tuple(attached, [file]))
            .and_then(|arguments| required.call_tuple(attached, &arguments));
        answer.map_or_else(
            |Raised| {
                let text = format!("reload_required() of WSGI script '{}' has failed:", self.name());
                log_raised(attached, interpreter, client, CALLING, &text);
                false
            },
            |answer| answer.is_true(attached),
        )
    }

    /// Whether another name, which differs in case only, is that of the same file.
    pub(crate) fn is_also(&self, file: &[u8]) -> bool {
        let identity = |file| rustix::fs::stat(file).ok().map(|status| (status.st_dev, status.st_ino));
        self.file.eq_ignore_ascii_case(file) && identity(file).is_some_and(|one| identity(&self.file) == Some(one))
    }

    /// Lets go of the module.
    pub(crate) fn clear(&self, attached: Attached<'_>) {
        let module = self.module.with(attached, Option::take);
        drop(module);
    }

    /// The file, for messages.
    pub(crate) fn name(&self) -> std::borrow::Cow<'_, str> {
        String::from_utf8_lossy(&self.file)
    }
}

fn globals(attached: Attached<'_>, module: &Object) -> Readiness {
    // SAFETY: the module is valid and its dict lives as long as it does; what a script put into `sys.modules` in its own
    // place may be no module, and has no dict then.
    unsafe {
        let dict = ffi::PyModule_GetDict(module.as_ptr());
        if dict.is_null() {
            attached.clear_raised();
            return Readiness::Failed;
        }
        Readiness::Ready(Object::borrowed(dict))
    }
}

/// When a file was last changed, microseconds since the epoch.
fn modified(file: &[u8]) -> Option<i64> {
    let status = rustix::fs::stat(file).ok()?;
    Some(status.st_mtime * 1_000_000 + status.st_mtime_nsec as i64 / 1000)
}
