//! Scripts that are asked about a request in the process that accepts HTTP, before anything answers it.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::{Call, Exchange, Gone, Head, InputError};

use super::{Request, Running, errors};
use crate::application_group::{Binding, bind};
use crate::forked;
use crate::log;
use crate::object::{Attached, Object, Raised, Result};
use crate::script::{Readiness, Reloading};

/// What `f` makes of the script of the call's target, whose globals it gets. `None` when the script or `f` failed; the error log
/// says why. `what` is the script in messages, and its code where it has no interpreter. The thread is detached, or lingers.
pub(crate) fn ask<T>(
    call: Call,
    (what, code): (&str, &str),
    f: impl FnOnce(Attached<'_>, &Binding, &Arc<Request>, &Object) -> Result<Option<T>>,
) -> Option<T> {
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let Some(binding) = bind(&call.target) else {
            let script = String::from_utf8_lossy(&call.target.script);
            let text = format!("{code}: there is no interpreter for {what} '{script}'");
            log::write(LogLevel::Error, Some(&call.environ), text);
            return None;
        };
        binding.interpreter.attach(false, |attached| attached_ask(attached, &binding, call, what, f))
    }));
    // The panic's hook has logged it.
    asked.unwrap_or_default()
}

fn attached_ask<T>(
    attached: Attached<'_>,
    binding: &Binding,
    call: Call,
    what: &str,
    f: impl FnOnce(Attached<'_>, &Binding, &Arc<Request>, &Object) -> Result<Option<T>>,
) -> Option<T> {
    let client = Some(&call.environ);
    let reloading = if binding.target.script_reloading { Reloading::Here } else { Reloading::Off };
    let Readiness::Ready(globals) = binding.script.ready(attached, binding.interpreter, reloading, 0, client) else {
        return None;
    };
    let mut nobody = Nobody;
    let request = Request::new(call, &mut nobody, binding.interpreter, None);
    let running = Running::new(attached, &request);
    let said = f(attached, binding, &request, &globals);
    if forked::here() {
        forked::leave(attached, binding.interpreter, Some(&request.call.environ), said.is_err());
    }
    let said = said.unwrap_or_else(|Raised| {
        let text = format!("exception in {what} '{}':", binding.script.name());
        errors::log_raised(attached, binding.interpreter, Some(&request.call.environ), errors::CALLING, &text);
        None
    });
    drop(running);
    drop(globals);
    said
}

/// The function of a name in a script's globals.
pub(crate) fn function(attached: Attached<'_>, globals: &Object, name: &str) -> Result<Option<Object>> {
    Ok(globals.item(attached, &Object::interned(attached, name.as_bytes())?))
}

/// Such a script reads no body and answers nobody.
struct Nobody;

impl Exchange for Nobody {
    fn read(&mut self, _: usize) -> std::result::Result<Bytes, InputError> {
        Ok(Bytes::new())
    }

    fn start(&mut self, _: Head, _: Cow<'_, [u8]>, _: bool) -> std::result::Result<(), Gone> {
        Err(Gone)
    }

    fn send(&mut self, _: &[u8]) -> std::result::Result<(), Gone> {
        Err(Gone)
    }

    fn finish(&mut self) {}

    fn fail(&mut self, _: u16) {}
}
