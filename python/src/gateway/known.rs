//! The keys of `environ` that were seen, interned, and the value that each header field had last: a client sends most of them
//! again and again.

use std::collections::HashMap;

use wsgi_httpd::runtime::short_hash::ShortHash;

use crate::module::Holder;
use crate::object::{Attached, Object, Result};

/// Keys by their bytes.
#[derive(Default)]
pub(crate) struct Keys(HashMap<Box<[u8]>, Key, ShortHash>);

struct Key {
    key: Object,
    /// What the field had last, and the `str` of it.
    last: Option<(Box<[u8]>, Object)>,
}

/// Names come from clients: more are not remembered.
const MOST_KEYS: usize = 512;
/// Bytes of a value that is remembered.
const LONGEST_VALUE: usize = 160;

/// The `str` of a name.
pub(crate) fn key(attached: Attached<'_>, holder: &Holder, name: &[u8]) -> Result<Object> {
    let known = holder.keys.with(attached, |keys| keys.0.get(name).map(|known| known.key.share(attached)));
    match known {
        Some(key) => Ok(key),
        None => new_key(attached, holder, name, None),
    }
}

/// The `str`s of a header field's name and value.
pub(crate) fn field(attached: Attached<'_>, holder: &Holder, name: &[u8], value: &[u8]) -> Result<(Object, Object)> {
    let known = holder.keys.with(attached, |keys| {
        let known = keys.0.get(name)?;
        let last = known.last.as_ref().filter(|(bytes, _)| **bytes == *value).map(|(_, last)| last.share(attached));
        Some((known.key.share(attached), last))
    });
    if let Some((key, Some(value))) = known {
        return Ok((key, value));
    }
    let text = Object::latin1(attached, value)?;
    let last = is_remembered(name, value).then(|| (Box::from(value), text.share(attached)));
    let key = match known {
        Some((key, _)) => {
            if let Some(last) = last {
                let old = holder.keys.with(attached, |keys| keys.0.get_mut(name)?.last.replace(last));
                drop(old);
            }
            key
        }
        None => new_key(attached, holder, name, last)?,
    };
    Ok((key, text))
}

/// Secrets do not outlive their request, and cookies are seldom the same.
fn is_remembered(name: &[u8], value: &[u8]) -> bool {
    value.len() <= LONGEST_VALUE
        && !matches!(name, b"HTTP_COOKIE" | b"HTTP_AUTHORIZATION" | b"HTTP_PROXY_AUTHORIZATION" | b"CONTENT_LENGTH")
}

fn new_key(attached: Attached<'_>, holder: &Holder, name: &[u8], last: Option<(Box<[u8]>, Object)>) -> Result<Object> {
    if holder.keys.with(attached, |keys| keys.0.len()) >= MOST_KEYS {
        drop(last);
        return Object::latin1(attached, name);
    }
    let key = Object::interned(attached, name)?;
    let new = Key { key: key.share(attached), last };
    let old = holder.keys.with(attached, |keys| keys.0.insert(name.into(), new));
    drop(old);
    Ok(key)
}
