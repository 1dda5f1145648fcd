//! `WSGIAccessScript`, `WSGIAuthUserScript` and `WSGIAuthGroupScript`: functions that say who may see something.

use std::sync::Arc;

use pyo3_ffi as ffi;
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::runtime::exchange::{Call, Question, Said};

use super::{Request, asking, environ};
use crate::application_group::Binding;
use crate::callback::{self, Method, enter};
use crate::log;
use crate::module::insert;
use crate::object::{Attached, Object, Result};

/// Asks the script of the call's target. `None` when it failed; the error log says why. The thread is detached, or lingers.
pub(crate) fn ask(call: Call, question: &Question) -> Option<Said> {
    let what = match question {
        Question::Access { .. } => ("access script", "WSGI0054"),
        Question::Password { .. } => ("user script", "WSGI0042"),
        Question::RealmHash { .. } => ("user script", "WSGI0045"),
        Question::Groups { .. } => ("group script", "WSGI0048"),
    };
    asking::ask(call, what, |attached, binding, request, globals| said(attached, binding, request, globals, question))
}

fn said(
    attached: Attached<'_>,
    binding: &Binding,
    request: &Arc<Request>,
    globals: &Object,
    question: &Question,
) -> Result<Option<Said>> {
    let complain = |code: u16, what: &str| {
        let text = format!("WSGI{code:04}: script '{}' {what}", binding.script.name());
        log::write(LogLevel::Error, Some(&request.call.environ), text);
        Ok(None)
    };
    let (name, missing) = match question {
        Question::Access { .. } => ("allow_access", 56),
        Question::Password { .. } => ("check_password", 43),
        Question::RealmHash { .. } => ("get_realm_hash", 46),
        Question::Groups { .. } => ("groups_for_user", 52),
    };
    let Some(function) = asking::function(attached, globals, name)? else {
        return complain(missing, &format!("has no {name}()"));
    };
    let environ = environ(attached, binding, request)?;
    let latin1 = |bytes: &[u8]| Object::latin1(attached, bytes);
    let arguments = match question {
        Question::Access { host } => Object::tuple(attached, [environ, latin1(host.as_bytes())?]),
        Question::Password { user, password } => Object::tuple(attached, [environ, latin1(user)?, latin1(password)?]),
        Question::RealmHash { user, realm } => {
            Object::tuple(attached, [environ, latin1(user)?, latin1(realm.as_bytes())?])
        }
        Question::Groups { user } => Object::tuple(attached, [environ, latin1(user)?]),
    }?;
    let answer = function.call_tuple(attached, &arguments)?;
    if answer.is_none() && !matches!(question, Question::Groups { .. }) {
        return Ok(Some(Said::Nothing));
    }
    let class = answer.class_name(attached);
    match question {
        Question::Access { .. } => match answer.as_boolean(attached) {
            Some(said) => Ok(Some(if said { Said::Yes } else { Said::No })),
            None => complain(55, &format!("must return True, False or None from {name}(), not {class}")),
        },
        Question::Password { .. } => match (answer.as_boolean(attached), text(attached, &answer)?) {
            (Some(said), _) => Ok(Some(if said { Said::Yes } else { Said::No })),
            (None, Some(text)) if text.is_empty() => complain(176, "returned an empty name of a user"),
            (None, Some(text)) if answer.is_str() => Ok(Some(Said::Text(text))),
            _ => complain(177, &format!("must return True, False, None or a name from {name}(), not {class}")),
        },
        Question::RealmHash { .. } => match text(attached, &answer)? {
            Some(text) if text.is_empty() => complain(178, "returned an empty hash"),
            Some(text) => Ok(Some(Said::Text(text))),
            None => complain(179, &format!("must return a str, bytes or None from {name}(), not {class}")),
        },
        // A lone `str` gives its letters, as any iterable its items.
        Question::Groups { .. } => {
            let Ok(items) = answer.iterator(attached) else {
                attached.clear_raised();
                return complain(51, &format!("must return groups from {name}(), not {class}"));
            };
            let mut names = Vec::new();
            while let Some(item) = items.next(attached)? {
                let Some(text) = text(attached, &item)? else {
                    return complain(
                        50,
                        &format!("must give str or bytes from {name}(), not {}", item.class_name(attached)),
                    );
                };
                names.push(String::from_utf8_lossy(&text).into_owned());
            }
            Ok(Some(Said::Names(names)))
        }
    }
}

/// The bytes of a `bytes`, or of a `str` as UTF-8; `None` for anything else.
fn text(attached: Attached<'_>, object: &Object) -> Result<Option<Vec<u8>>> {
    if object.is_str() {
        return Ok(Some(object.as_str(attached)?.as_bytes().to_vec()));
    }
    Ok(object.as_bytes(attached).map(<[u8]>::to_vec))
}

fn environ(attached: Attached<'_>, binding: &Binding, request: &Arc<Request>) -> Result<Object> {
    let template = environ::template(attached, binding)?;
    let environ = environ::for_access(attached, binding.interpreter.holder(attached), &template, request)?;
    insert(attached, &environ, "mod_ssl.is_https", &callback::function(attached, &IS_HTTPS)?)?;
    insert(attached, &environ, "mod_ssl.var_lookup", &callback::function(attached, &VAR_LOOKUP)?)?;
    Ok(environ)
}

/// `mod_ssl.is_https()`.
static IS_HTTPS: Method = Method::new(c"is_https", is_https, c"Whether the connection is encrypted: 0.");
/// `mod_ssl.var_lookup(name)`.
static VAR_LOOKUP: Method = Method::new(c"var_lookup", var_lookup, c"A variable of the encryption: None.");

unsafe extern "C" fn is_https(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe { enter(arguments, keywords, |attached, _| Object::integer(attached, 0)) }
}

unsafe extern "C" fn var_lookup(
    _: *mut ffi::PyObject,
    arguments: *mut ffi::PyObject,
    keywords: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: called by Python.
    unsafe { enter(arguments, keywords, |attached, _| Ok(Object::none(attached))) }
}
