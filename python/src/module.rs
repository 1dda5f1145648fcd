//! What each interpreter holds for itself: its types, its names and its `mod_wsgi` module.

use std::ffi::CStr;
use std::os::unix::ffi::OsStrExt;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicI64, Ordering};

use pyo3_ffi as ffi;
use wsgi_httpd::plan::interpreters::Interpreters;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::scoreboard::Scoreboard;

use crate::callback::function;
use crate::events::{self, Events};
use crate::gateway::known::Keys;
use crate::gateway::{error_stream, errors, input};
use crate::gil::{self, Guarded};
use crate::interpreter::own_gil_is_possible;
use crate::log;
use crate::metrics;
use crate::object::{Attached, Object, Raised, Result};

/// The level of `mod_wsgi` that we are compatible with.
pub(crate) const VERSION: [i64; 3] = [6, 1, 1];
/// The level of Apache that we are compatible with.
pub(crate) const APACHE_VERSION: [i64; 3] = [2, 4, 66];

/// What is run in each interpreter, in this order: file names for tracebacks, and texts.
const TEXTS: [(&CStr, &CStr); 2] = [
    (c"<wsgi-httpd>", text(concat!(include_str!("module.py"), "\0"))),
    (c"<mod_wsgi>", text(concat!(include_str!("api.py"), "\0"))),
];

const fn text(text: &str) -> &CStr {
    match CStr::from_bytes_with_nul(text.as_bytes()) {
        Ok(text) => text,
        Err(_) => panic!("a text holds a NUL"),
    }
}

/// What is the same for all interpreters of a process.
#[derive(Debug, Default)]
pub(crate) struct Settings {
    /// The process group's name; empty in embedded mode.
    pub(crate) process_group: String,
    /// How many processes there may be.
    pub(crate) maximum_processes: u32,
    /// Threads of each.
    pub(crate) threads_per_process: u32,
    /// The folder that comes first on `sys.path`.
    pub(crate) home: Option<Vec<u8>>,
    /// The folders that follow it.
    pub(crate) python_path: Vec<Vec<u8>>,
    /// `wsgi.run_once`.
    pub(crate) run_once: bool,
    /// The process serves no requests: it runs the scripts that it loads.
    pub(crate) service: bool,
    /// The server's processes that accept HTTP, and threads of each.
    pub(crate) server: (u32, u32),
    /// How interpreters are made and ended.
    pub(crate) interpreters: Interpreters,
    /// Whether telemetry is sent.
    pub(crate) telemetry: bool,
    /// What the server does, where applications may see it.
    pub(crate) scoreboard: Option<Scoreboard>,
}

/// When our library was built: its file's time of modification, seconds since the epoch.
static BUILT: AtomicI64 = AtomicI64::new(0);

/// Says when our library was built.
pub(crate) fn set_built(seconds: i64) {
    BUILT.store(seconds, Ordering::Relaxed);
}

static SETTINGS: OnceLock<Settings> = OnceLock::new();

/// Says what is the same for all interpreters, before the first is furnished.
pub(crate) fn set_settings(settings: Settings) {
    let _ = SETTINGS.set(settings);
}

/// What is the same for all interpreters.
pub(crate) fn settings() -> &'static Settings {
    SETTINGS.get_or_init(Settings::default)
}

/// One interpreter's own objects.
pub(crate) struct Holder {
    /// `mod_wsgi.Input`.
    pub(crate) input: Object,
    /// The class of `wsgi.errors`.
    pub(crate) errors: Object,
    /// `mod_wsgi.Log`, which lies below it.
    pub(crate) log: Object,
    /// `mod_wsgi.FileWrapper`.
    pub(crate) file_wrapper: Object,
    /// Descriptor and position of a `FileWrapper`'s file, or `None` when it has to be iterated.
    pub(crate) place_of_file: Object,
    /// `compile`.
    pub(crate) compile: Object,
    /// The MD5 sum of bytes, as text.
    pub(crate) digest: Object,
    /// The lines of an exception.
    pub(crate) describe: Object,
    /// The Python stack of a thread.
    pub(crate) stack: Object,
    /// `mod_wsgi.RequestTimeout`.
    pub(crate) request_timeout: Object,
    /// Waits for the application's threads.
    pub(crate) end_threads: Object,
    /// Runs what the application registered with `atexit`.
    pub(crate) run_at_exit: Object,
    /// What telemetry tells of the garbage collector.
    pub(crate) gc_figures: Object,
    /// Names that every request needs.
    pub(crate) names: Names,
    /// The keys of `environ`, by their bytes.
    pub(crate) keys: Guarded<Keys>,
    /// What the application watches.
    pub(crate) events: Events,
    /// The requests that run.
    pub(crate) running: Guarded<events::Running>,
}

/// Interned strings.
pub(crate) struct Names {
    pub(crate) mtime: Object,
    pub(crate) reload_required: Object,
    pub(crate) close: Object,
}

impl Holder {
    /// Makes them, and puts the `mod_wsgi` module into `sys.modules`.
    pub(crate) fn new(attached: Attached<'_>, application_group: &str) -> Result<Self> {
        let input = input::class(attached)?;
        let errors = error_stream::class(attached)?;
        let log = error_stream::log_class(attached)?;
        let builtins = attached.import(c"builtins")?;
        let native = Object::dict(attached)?;
        insert(attached, &native, "log_bytes", &function(attached, &errors::LOG_BYTES)?)?;
        insert(attached, &native, "end_line", &function(attached, &errors::END_LINE)?)?;
        insert(attached, &native, "log", &function(attached, &errors::LOG)?)?;
        insert(attached, &native, "watch", &function(attached, &events::WATCH)?)?;
        insert(attached, &native, "request_id", &function(attached, &events::REQUEST_ID)?)?;
        insert(attached, &native, "follow", &function(attached, &events::FOLLOW)?)?;
        for (name, method) in &metrics::FUNCTIONS {
            insert(attached, &native, name, &function(attached, method)?)?;
        }
        insert(attached, &native, "Input", &input)?;
        let namespace = Object::dict(attached)?;
        insert(attached, &namespace, "__builtins__", &builtins)?;
        insert(attached, &namespace, "__name__", &Object::text(attached, "mod_wsgi")?)?;
        insert(attached, &namespace, "native", &native)?;
        insert(attached, &namespace, "settings", &describe(attached, application_group)?)?;
        run(attached, &namespace)?;
        let get = |name: &str| {
            let key = Object::text(attached, name)?;
            namespace.item(attached, &key).ok_or(Raised)
        };
        Ok(Self {
            input,
            errors,
            log,
            file_wrapper: get("FileWrapper")?,
            place_of_file: get("place_of_file")?,
            compile: builtins.attribute(attached, c"compile")?,
            digest: get("digest")?,
            describe: get("describe")?,
            stack: get("stack")?,
            request_timeout: get("RequestTimeout")?,
            end_threads: get("end_threads")?,
            run_at_exit: get("run_at_exit")?,
            gc_figures: get("gc_figures")?,
            names: Names {
                mtime: Object::interned(attached, b"__mtime__")?,
                reload_required: Object::interned(attached, b"reload_required")?,
                close: Object::interned(attached, b"close")?,
            },
            keys: Guarded::new(Keys::default()),
            events: Events::new(get)?,
            running: Guarded::default(),
        })
    }
}

fn run(attached: Attached<'_>, namespace: &Object) -> Result<()> {
    for (name, text) in TEXTS {
        // SAFETY: both texts end in NUL; the namespace is a dict that holds `__builtins__`.
        unsafe {
            let code = Object::owned(ffi::Py_CompileString(text.as_ptr(), name.as_ptr(), ffi::Py_file_input))?;
            Object::owned(ffi::PyEval_EvalCode(code.as_ptr(), namespace.as_ptr(), namespace.as_ptr()))?;
        }
    }
    let _ = attached;
    Ok(())
}

fn describe(attached: Attached<'_>, application_group: &str) -> Result<Object> {
    let settings = settings();
    let dict = Object::dict(attached)?;
    insert(attached, &dict, "version", &triple(attached, VERSION)?)?;
    insert(attached, &dict, "process_group", &Object::text(attached, &settings.process_group)?)?;
    insert(attached, &dict, "application_group", &Object::text(attached, application_group)?)?;
    insert(attached, &dict, "maximum_processes", &Object::integer(attached, settings.maximum_processes.into())?)?;
    insert(attached, &dict, "threads_per_process", &Object::integer(attached, settings.threads_per_process.into())?)?;
    let home = match &settings.home {
        Some(home) => Object::file_name(attached, home)?,
        None => Object::none(attached),
    };
    insert(attached, &dict, "home", &home)?;
    // SAFETY: a new list, which takes references of its own.
    let folders = unsafe { Object::owned(ffi::PyList_New(0))? };
    let interpreters = &settings.interpreters;
    let own = interpreters.python_path(&settings.process_group, application_group);
    let own = own.iter().map(|folder| folder.as_os_str().as_bytes());
    for folder in own.chain(settings.python_path.iter().map(Vec::as_slice)) {
        let folder = Object::file_name(attached, folder)?;
        // SAFETY: as above.
        if unsafe { ffi::PyList_Append(folders.as_ptr(), folder.as_ptr()) } < 0 {
            return Err(Raised);
        }
    }
    insert(attached, &dict, "python_path", &folders)?;
    for (name, restricted) in [
        ("restrict_stdin", interpreters.restricts_stdin(&settings.process_group, application_group)),
        ("restrict_stdout", interpreters.restricts_stdout(&settings.process_group, application_group)),
        ("restrict_signal", interpreters.restricts_signal(&settings.process_group, application_group)),
        ("telemetry", settings.telemetry),
        ("signals", !settings.process_group.is_empty() && !settings.service),
    ] {
        insert(attached, &dict, name, &Object::boolean(attached, restricted))?;
    }
    insert(attached, &dict, "server", &server(attached)?)?;
    let is_main = application_group.is_empty();
    insert(attached, &dict, "service", &Object::boolean(attached, settings.service))?;
    insert(attached, &dict, "main", &Object::boolean(attached, is_main))?;
    // An interpreter that shares the main one's GIL shares its interval.
    let of_its_own = is_main && !gil::is_off()
        || interpreters.own_gil(&settings.process_group, application_group) && own_gil_is_possible();
    let asked = interpreters.switch_interval_us(&settings.process_group, application_group);
    if !of_its_own && !gil::is_off() && asked != interpreters.switch_interval_us(&settings.process_group, "") {
        let text = format!(
            "WSGI0199: the switch interval of application group '{application_group}' is left out: it shares its GIL with others"
        );
        log::write(LogLevel::Warn, None, text);
    }
    let interval = asked.filter(|_| of_its_own);
    // Exact for an interval of up to hundreds of years.
    #[allow(clippy::cast_precision_loss)]
    let interval = match interval {
        Some(microseconds) => Object::float(attached, microseconds as f64 / 1e6)?,
        None => Object::none(attached),
    };
    insert(attached, &dict, "switch_interval", &interval)?;
    Ok(dict)
}

/// What the module `apache` says.
fn server(attached: Attached<'_>) -> Result<Object> {
    let server = Object::dict(attached)?;
    let (processes, threads) = settings().server;
    let [major, minor, patch] = VERSION;
    let python = python_version();
    let description = format!("{} mod_wsgi/{major}.{minor}.{patch} Python/{python}", server_name());
    insert(attached, &server, "version", &triple(attached, APACHE_VERSION)?)?;
    insert(attached, &server, "description", &Object::text(attached, &description)?)?;
    // The one that ours is most like: an event loop.
    insert(attached, &server, "mpm_name", &Object::text(attached, "event")?)?;
    insert(attached, &server, "build_date", &Object::integer(attached, BUILT.load(Ordering::Relaxed))?)?;
    insert(attached, &server, "maximum_processes", &Object::integer(attached, processes.into())?)?;
    insert(attached, &server, "threads_per_process", &Object::integer(attached, threads.into())?)?;
    Ok(server)
}

/// A version as a tuple.
pub(crate) fn triple(attached: Attached<'_>, numbers: [i64; 3]) -> Result<Object> {
    let [major, minor, patch] = numbers;
    let items =
        [Object::integer(attached, major)?, Object::integer(attached, minor)?, Object::integer(attached, patch)?];
    Object::tuple(attached, items)
}

/// `dict[key] = value`.
pub(crate) fn insert(attached: Attached<'_>, dict: &Object, key: &str, value: &Object) -> Result<()> {
    dict.set_item(attached, &Object::interned(attached, key.as_bytes())?, value)
}

/// What the server is called, with its version.
pub(crate) fn server_name() -> String {
    format!("wsgi-httpd/{}", env!("CARGO_PKG_VERSION"))
}

/// `3.13.0`: the version of the Python that runs us.
pub(crate) fn python_version() -> String {
    // SAFETY: a static text that ends in NUL; may be called at any time.
    let version = unsafe { CStr::from_ptr(ffi::Py_GetVersion()) };
    version.to_string_lossy().split(' ').next().unwrap_or_default().to_owned()
}
