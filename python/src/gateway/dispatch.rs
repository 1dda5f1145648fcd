//! `WSGIDispatchScript`: functions that choose the groups and the callable of a request, in the process that accepts HTTP.

use std::sync::Arc;

use wsgi_httpd::runtime::exchange::{Call, Dispatched};

use super::{Request, asking, environ};
use crate::application_group::Binding;
use crate::object::{Attached, Exception, Object, Result};

/// Asks the script of the call's target. `None` when it failed; the error log says why. The thread is detached, or lingers.
pub(crate) fn ask(call: Call) -> Option<Dispatched> {
    asking::ask(call, ("dispatch script", "WSGI0086"), |attached, binding, request, globals| {
        said(attached, binding, request, globals).map(Some)
    })
}

fn said(attached: Attached<'_>, binding: &Binding, request: &Arc<Request>, globals: &Object) -> Result<Dispatched> {
    let template = environ::template(attached, binding)?;
    let holder = binding.interpreter.holder(attached);
    let environ = environ::for_dispatch(attached, holder, &template, request)?;
    let ask = |name: &str| -> Result<Option<String>> {
        let Some(function) = asking::function(attached, globals, name)? else { return Ok(None) };
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
