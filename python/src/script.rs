//! Loading and reloading of WSGI scripts.

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;

use crate::gateway::errors::{is_exit, log_raised};
use crate::gil::Guarded;
use crate::interpreter::{Interpreter, lock};
use crate::log::{self, Client};
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
                let text = format!("cannot read WSGI script '{}': {error}", self.name());
                log::write(LogLevel::Error, client, text);
                let missing = error.kind() == std::io::ErrorKind::NotFound;
                return if missing { Readiness::Missing } else { Readiness::Failed };
            }
        };
        let Ok(module) = self.execute(attached, interpreter, &source, modified) else {
            let text = format!("WSGI script '{}' cannot be loaded:", self.name());
            log_raised(attached, interpreter, client, &text);
            self.clear(attached);
            return Readiness::Failed;
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
                let text = format!("cannot read service script '{}': {error}", self.name());
                log::write(LogLevel::Error, None, text);
                return;
            }
        };
        if self.execute(attached, interpreter, &source, None).is_err() && !is_exit(attached) {
            let text = format!("exception in service script '{}':", self.name());
            log_raised(attached, interpreter, None, &text);
        }
    }

    fn execute(
        &self,
        attached: Attached<'_>,
        interpreter: &Interpreter,
        source: &[u8],
        modified: Option<i64>,
    ) -> Result<Object> {
        let holder = interpreter.holder(attached);
        let file = Object::file_name(attached, &self.file)?;
        let digest =
            holder.digest.call_tuple(attached, &Object::tuple(attached, [Object::bytes(attached, &self.file)?])?)?;
        let name = Object::text(attached, &format!("_mod_wsgi_{}", digest.as_str(attached)?))?;
        let arguments = Object::tuple(
            attached,
            [
                Object::bytes(attached, source)?,
                file.share(attached),
                Object::text(attached, "exec")?,
                Object::integer(attached, 0)?,
                Object::boolean(attached, true),
            ],
        )?;
        let code = holder.compile.call_tuple(attached, &arguments)?;
        drop(arguments);
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
                log_raised(attached, interpreter, client, &text);
                false
            },
            |answer| answer.is_true(attached),
        )
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
