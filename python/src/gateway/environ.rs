//! `environ`: a fresh dict for each request, copied from a template of what is the same for all requests of a target.

use std::sync::{Arc, OnceLock};
use std::time::{SystemTime, UNIX_EPOCH};

use wsgi_httpd::runtime::pairs::Pairs;

use super::{Caller, Request, error_stream, known};
use crate::application_group::Binding;
use crate::module::{APACHE_VERSION, Holder, VERSION, insert, settings, triple};
use crate::object::{Attached, Object, Result};

/// What the requests of a target have in common.
pub(crate) struct Template {
    environ: Object,
    /// The first request's entries but for its header fields. Later requests have the same names, and most of the values.
    first: OnceLock<First>,
    /// The callable object's name.
    pub(crate) callable: Object,
    /// Names whose values are new in each request.
    keys: OwnKeys,
}

// SAFETY: a template is used and dropped attached, in its interpreter (see `Interpreter::forget_application`). It does not change
// once it is made; its dicts are copied and never written to.
unsafe impl Send for Template {}
// SAFETY: as above.
unsafe impl Sync for Template {}

/// Entries, and the template with them.
struct First {
    entries: Pairs,
    environ: Object,
}

struct OwnKeys {
    input: Object,
    errors: Object,
    url_scheme: Object,
    request_start: Object,
    queue_start: Object,
    daemon_start: Object,
    application_start: Object,
    thread_id: Object,
}

/// The template of a binding, made with its first request.
pub(crate) fn template(attached: Attached<'_>, binding: &Binding) -> Result<Arc<Template>> {
    if let Some(template) = binding.template.with(attached, |template| template.as_ref().map(Arc::clone)) {
        return Ok(template);
    }
    let made = Arc::new(make_template(attached, binding)?);
    // Another thread may have been faster: both are right.
    let old = binding.template.with(attached, |template| template.replace(Arc::clone(&made)));
    drop(old);
    Ok(made)
}

fn make_template(attached: Attached<'_>, binding: &Binding) -> Result<Template> {
    let target = &binding.target;
    let holder = binding.interpreter.holder(attached);
    let environ = Object::dict(attached)?;
    let text = |text: &str| Object::text(attached, text);
    let boolean = |value| Object::boolean(attached, value);
    let version = Object::tuple(attached, [Object::integer(attached, 1)?, Object::integer(attached, 0)?])?;
    let zero = Object::float(attached, 0.0)?;
    for (name, value) in [
        ("wsgi.version", version),
        ("wsgi.multithread", boolean(target.multithread)),
        ("wsgi.multiprocess", boolean(target.multiprocess)),
        ("wsgi.run_once", boolean(settings().run_once)),
        ("wsgi.url_scheme", text("http")?),
        ("wsgi.input_terminated", boolean(true)),
        ("wsgi.file_wrapper", holder.file_wrapper.share(attached)),
        ("apache.version", triple(attached, APACHE_VERSION)?),
        ("mod_wsgi.version", triple(attached, VERSION)?),
        ("mod_wsgi.process_group", text(&target.process_group)?),
        ("mod_wsgi.application_group", text(&target.application_group)?),
        ("mod_wsgi.callable_object", text(&target.callable_object)?),
        ("mod_wsgi.request_handler", text("wsgi-script")?),
        ("mod_wsgi.handler_script", text("")?),
        // Those that each request sets, so that setting them does not make the dict grow.
        ("wsgi.input", Object::none(attached)),
        ("wsgi.errors", Object::none(attached)),
        ("mod_wsgi.request_start", zero.share(attached)),
        ("mod_wsgi.queue_start", zero.share(attached)),
        ("mod_wsgi.daemon_start", zero.share(attached)),
        ("mod_wsgi.application_start", zero),
        ("mod_wsgi.thread_id", Object::integer(attached, 0)?),
    ] {
        insert(attached, &environ, name, &value)?;
    }
    for (name, value) in target.environ.iter() {
        set(attached, holder, &environ, name, value)?;
    }
    let key = |name: &str| Object::interned(attached, name.as_bytes());
    Ok(Template {
        environ,
        first: OnceLock::new(),
        callable: Object::interned(attached, target.callable_object.as_bytes())?,
        keys: OwnKeys {
            input: key("wsgi.input")?,
            errors: key("wsgi.errors")?,
            url_scheme: key("wsgi.url_scheme")?,
            request_start: key("mod_wsgi.request_start")?,
            queue_start: key("mod_wsgi.queue_start")?,
            daemon_start: key("mod_wsgi.daemon_start")?,
            application_start: key("mod_wsgi.application_start")?,
            thread_id: key("mod_wsgi.thread_id")?,
        },
    })
}

/// Makes the `environ` of a request.
pub(crate) fn make(
    attached: Attached<'_>,
    holder: &Holder,
    template: &Template,
    request: &Arc<Request>,
    input: &Object,
    caller: Caller,
    application_start: u64,
) -> Result<Object> {
    let call = &request.call;
    let environ = entries(attached, holder, template, &call.environ)?;
    let keys = &template.keys;
    environ.set_item(attached, &keys.input, input)?;
    environ.set_item(attached, &keys.errors, &error_stream::make(attached, holder, request)?)?;
    if call.https {
        environ.set_item(attached, &keys.url_scheme, &Object::text(attached, "https")?)?;
    }
    environ.set_item(attached, &keys.request_start, &seconds(attached, call.request_start)?)?;
    if caller.daemon {
        environ.set_item(attached, &keys.queue_start, &seconds(attached, call.queue_start)?)?;
        environ.set_item(attached, &keys.daemon_start, &seconds(attached, caller.daemon_start)?)?;
    }
    environ.set_item(attached, &keys.thread_id, &Object::integer(attached, caller.thread_id.into())?)?;
    environ.set_item(attached, &keys.application_start, &seconds(attached, application_start)?)?;
    Ok(environ)
}

/// Seconds, as a float, of microseconds.
// Exact until the year 2255.
#[allow(clippy::cast_precision_loss)]
pub(crate) fn seconds(attached: Attached<'_>, microseconds: u64) -> Result<Object> {
    Object::float(attached, microseconds as f64 / 1e6)
}

/// What belongs to the application's call: a dispatch script does not see it.
const OF_THE_CALL: [&str; 10] = [
    "wsgi.version",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.input_terminated",
    "wsgi.file_wrapper",
    "mod_wsgi.callable_object",
    "mod_wsgi.application_start",
];

/// What is not known, or no matter, when a script is asked who may see something.
const LATER: [&str; 27] = [
    "REQUEST_SCHEME",
    "CONTEXT_PREFIX",
    "CONTEXT_DOCUMENT_ROOT",
    "SCRIPT_FILENAME",
    "wsgi.version",
    "wsgi.multithread",
    "wsgi.multiprocess",
    "wsgi.run_once",
    "wsgi.url_scheme",
    "wsgi.input",
    "wsgi.input_terminated",
    "wsgi.file_wrapper",
    "mod_wsgi.callable_object",
    "mod_wsgi.request_handler",
    "mod_wsgi.handler_script",
    "mod_wsgi.script_name",
    "mod_wsgi.path_info",
    "mod_wsgi.listener_host",
    "mod_wsgi.listener_port",
    "mod_wsgi.server_pid",
    "mod_wsgi.request_id",
    "mod_wsgi.connection_id",
    "mod_wsgi.request_start",
    "mod_wsgi.queue_start",
    "mod_wsgi.daemon_start",
    "mod_wsgi.application_start",
    "mod_wsgi.thread_id",
];

/// Makes the `environ` of a dispatch script.
pub(crate) fn for_dispatch(
    attached: Attached<'_>,
    holder: &Holder,
    template: &Template,
    request: &Arc<Request>,
) -> Result<Object> {
    without(attached, holder, template, request, &OF_THE_CALL)
}

/// Makes the `environ` of a script that is asked who may see something.
pub(crate) fn for_access(
    attached: Attached<'_>,
    holder: &Holder,
    template: &Template,
    request: &Arc<Request>,
) -> Result<Object> {
    without(attached, holder, template, request, &LATER)
}

fn without(
    attached: Attached<'_>,
    holder: &Holder,
    template: &Template,
    request: &Arc<Request>,
    left_out: &[&str],
) -> Result<Object> {
    let environ = entries(attached, holder, template, &request.call.environ)?;
    environ.set_item(attached, &template.keys.errors, &error_stream::make(attached, holder, request)?)?;
    for name in left_out {
        let name = Object::interned(attached, name.as_bytes())?;
        if environ.item(attached, &name).is_some() {
            environ.delete_item(attached, &name)?;
        }
    }
    Ok(environ)
}

/// A copy of the template with the entries of a request.
fn entries(attached: Attached<'_>, holder: &Holder, template: &Template, entries: &Pairs) -> Result<Object> {
    let first = match template.first.get() {
        Some(first) => first,
        None => {
            let made = First::of(attached, holder, template, entries)?;
            // Another thread may have been faster: both are right.
            template.first.get_or_init(|| made)
        }
    };
    let environ = first.environ.copy_dict(attached)?;
    let mut rest = entries.iter();
    for (name, value) in first.entries.iter() {
        match rest.next() {
            Some((same, new)) if same == name => {
                if new != value {
                    set(attached, holder, &environ, name, new)?;
                }
            }
            _ => return with_all(attached, holder, template, entries.iter()),
        }
    }
    for (name, value) in rest {
        set(attached, holder, &environ, name, value)?;
    }
    Ok(environ)
}

fn with_all<'a>(
    attached: Attached<'_>,
    holder: &Holder,
    template: &Template,
    entries: impl Iterator<Item = (&'a [u8], &'a [u8])>,
) -> Result<Object> {
    let environ = template.environ.copy_dict(attached)?;
    for (name, value) in entries {
        set(attached, holder, &environ, name, value)?;
    }
    Ok(environ)
}

impl First {
    /// The entries before the header fields, which differ from client to client.
    fn of(attached: Attached<'_>, holder: &Holder, template: &Template, entries: &Pairs) -> Result<Self> {
        let mut first = Pairs::default();
        for (name, value) in entries.iter().take_while(|(name, _)| !is_field(name)) {
            first.push(name, value);
        }
        let environ = with_all(attached, holder, template, first.iter())?;
        Ok(Self { entries: first, environ })
    }
}

/// Whether a name is that of a header field.
fn is_field(name: &[u8]) -> bool {
    name.starts_with(b"HTTP_") || name.starts_with(b"CONTENT_")
}

/// Microseconds since the epoch.
pub(crate) fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_micros() as u64
}

fn set(attached: Attached<'_>, holder: &Holder, environ: &Object, name: &[u8], value: &[u8]) -> Result<()> {
    if is_field(name) {
        let (key, value) = known::field(attached, holder, name, value)?;
        return environ.set_item(attached, &key, &value);
    }
    let key = known::key(attached, holder, name)?;
    let is_file = matches!(name, b"SCRIPT_FILENAME" | b"DOCUMENT_ROOT");
    let value = if is_file { Object::file_name(attached, value)? } else { Object::latin1(attached, value)? };
    environ.set_item(attached, &key, &value)?;
    // What they were before trusted proxies changed them; a front that changes them sends these names too.
    let before = match name {
        b"SCRIPT_NAME" => b"mod_wsgi.script_name".as_slice(),
        b"PATH_INFO" => b"mod_wsgi.path_info",
        _ => return Ok(()),
    };
    environ.set_item(attached, &known::key(attached, holder, before)?, &value)
}
