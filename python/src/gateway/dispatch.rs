//! `WSGIDispatchScript`: functions that choose the groups and the callable of a request, in the process that accepts HTTP.

use std::borrow::Cow;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use bytes::Bytes;
use wsgi_httpd::runtime::exchange::{Call, Dispatched, Exchange, Gone, Head, InputError};

use super::{Request, Running, environ, errors};
use crate::application_group::{Binding, bind};
use crate::object::{Attached, Exception, Object, Raised, Result};
use crate::script::{Readiness, Reloading};

/// Asks the script of the call's target. `None` when it failed; the error log says why. The thread is detached, or lingers.
pub(crate) fn ask(call: Call) -> Option<Dispatched> {
    let asked = catch_unwind(AssertUnwindSafe(|| {
        let binding = bind(&call.target)?;
        binding.interpreter.attach(false, |attached| answer(attached, &binding, call))
    }));
    // The panic's hook has logged it.
    asked.unwrap_or_default()
}

fn answer(attached: Attached<'_>, binding: &Binding, call: Call) -> Option<Dispatched> {
    let client = Some(&call.environ);
    let reloading = if binding.target.script_reloading { Reloading::Here } else { Reloading::Off };
    let Readiness::Ready(globals) = binding.script.ready(attached, binding.interpreter, reloading, 0, client) else {
        return None;
    };
    let mut nobody = Nobody;
    let request = Request::new(call, &mut nobody, binding.interpreter, None);
    let running = Running::new(attached, &request);
    let said = said(attached, binding, &request, &globals).map_err(|Raised| {
        let text = format!("exception in dispatch script '{}':", binding.script.name());
        errors::log_raised(attached, binding.interpreter, Some(&request.call.environ), &text);
    });
    drop(running);
    drop(globals);
    said.ok()
}

fn said(attached: Attached<'_>, binding: &Binding, request: &Arc<Request>, globals: &Object) -> Result<Dispatched> {
    let template = environ::template(attached, binding)?;
    let holder = binding.interpreter.holder(attached);
    let environ = environ::for_dispatch(attached, holder, &template, request)?;
    let ask = |name: &str| -> Result<Option<String>> {
        let Some(function) = globals.item(attached, &Object::interned(attached, name.as_bytes())?) else {
            return Ok(None);
        };
        let answer = function.call_tuple(attached, &Object::tuple(attached, [environ.share(attached)])?)?;
        text(attached, &answer, name)
    };
    Ok(Dispatched {
        process_group: ask("process_group")?,
        application_group: ask("application_group")?,
        callable_object: ask("callable_object")?,
    })
}

/// `None` keeps what is configured.
fn text(attached: Attached<'_>, answer: &Object, name: &str) -> Result<Option<String>> {
    if answer.is_none() {
        return Ok(None);
    }
    if let Ok(text) = answer.as_str(attached) {
        return Ok(Some(text.to_string()));
    }
    attached.clear_raised();
    if let Some(bytes) = answer.as_bytes(attached) {
        return Ok(Some(String::from_utf8_lossy(bytes).into_owned()));
    }
    let text = format!("{name}() must return str, bytes or None, not {}", answer.class_name(attached));
    Err(attached.raise(Exception::Type, &text))
}

/// A dispatch script reads no body and answers nobody.
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
