//! Figures for applications: made without Python, and then made Python objects of the interpreter that asks.

use std::time::Duration;

use pyo3_ffi as ffi;

use crate::module::insert;
use crate::object::{Attached, Object, Raised, Result};

/// What a figure may be.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Value {
    /// `None`.
    Nothing,
    /// An `int`.
    Count(i64),
    /// A `float`: seconds, rates.
    Number(f64),
    /// A `bool`.
    Flag(bool),
    /// A `str`, in latin-1.
    Text(Vec<u8>),
    /// A `list`.
    List(Vec<Value>),
    /// A `dict`.
    Dict(Vec<(&'static str, Value)>),
}

/// How many.
pub(crate) fn count(count: u64) -> Value {
    Value::Count(count as i64)
}

/// A time since the epoch.
pub(crate) fn moment(microseconds: u64) -> Value {
    Value::Number(Duration::from_micros(microseconds).as_secs_f64())
}

impl Value {
    /// Counts as a list.
    pub(crate) fn counts(counts: impl IntoIterator<Item = u64>) -> Self {
        Self::List(counts.into_iter().map(|count| Self::Count(count as i64)).collect())
    }

    /// Numbers as a list.
    pub(crate) fn numbers(numbers: impl IntoIterator<Item = f64>) -> Self {
        Self::List(numbers.into_iter().map(Self::Number).collect())
    }

    /// The object.
    pub(crate) fn object(&self, attached: Attached<'_>) -> Result<Object> {
        match self {
            Self::Nothing => Ok(Object::none(attached)),
            Self::Count(count) => Object::integer(attached, *count),
            Self::Number(number) => Object::float(attached, *number),
            Self::Flag(flag) => Ok(Object::boolean(attached, *flag)),
            Self::Text(text) => Object::latin1(attached, text),
            Self::List(values) => list(attached, values),
            Self::Dict(entries) => {
                let dict = Object::dict(attached)?;
                for (name, value) in entries {
                    insert(attached, &dict, name, &value.object(attached)?)?;
                }
                Ok(dict)
            }
        }
    }
}

fn list(attached: Attached<'_>, values: &[Value]) -> Result<Object> {
    // SAFETY: a new list, which takes references of its own.
    let list = unsafe { Object::owned(ffi::PyList_New(0))? };
    for value in values {
        let value = value.object(attached)?;
        // SAFETY: as above.
        if unsafe { ffi::PyList_Append(list.as_ptr(), value.as_ptr()) } < 0 {
            return Err(Raised);
        }
    }
    Ok(list)
}
