//! Whether a request is one that every server reads alike. What hyper refuses by itself does not come here (RFC 9112 §3.2, §6.1).

use hyper::header::{self, HeaderValue};
use hyper::http::request::Parts;
use hyper::{Method, StatusCode, Version};

use crate::decision::hosts::is_authority;

/// Bytes of a target, and of a field: the defaults of `LimitRequestLine` and `LimitRequestFieldSize`.
const LONGEST: usize = 8190;

fn target_length(parts: &Parts) -> usize {
    parts.uri.path_and_query().map_or(0, |target| target.as_str().len())
}

/// The authority that a request names, or the status that refuses it.
pub(super) fn judge(parts: &Parts) -> Result<Option<&str>, StatusCode> {
    match parts.method {
        // A 2xx to CONNECT would open a tunnel; TRACE would reflect what cookies say (`TraceEnable Off`).
        Method::CONNECT | Method::TRACE => return Err(StatusCode::METHOD_NOT_ALLOWED),
        _ if parts.method.as_str().len() > 64 => return Err(StatusCode::BAD_REQUEST),
        _ if target_length(parts) > LONGEST => return Err(StatusCode::URI_TOO_LONG),
        _ => {}
    }
    // What is asked of a proxy for another scheme is nothing that is here.
    if parts.uri.scheme_str().is_some_and(|scheme| !matches!(scheme, "http" | "https")) {
        return Err(StatusCode::BAD_REQUEST);
    }
    if !parts.uri.path().starts_with('/') && parts.method != Method::OPTIONS {
        return Err(StatusCode::BAD_REQUEST);
    }
    let fields = Fields::of(parts)?;
    framing(parts, &fields)?;
    authority(parts, fields.host)
}

/// The fields that say where a request goes and how long it is.
#[derive(Default)]
struct Fields<'a> {
    host: Option<&'a HeaderValue>,
    content_type: Option<&'a HeaderValue>,
    content_length: Option<&'a HeaderValue>,
    transfer_encoding: Option<&'a HeaderValue>,
}

impl<'a> Fields<'a> {
    /// Finds them in one pass; each may stand once.
    fn of(parts: &'a Parts) -> Result<Self, StatusCode> {
        let mut fields = Self::default();
        for (name, value) in &parts.headers {
            if name.as_str().len() + value.len() > LONGEST {
                return Err(StatusCode::BAD_REQUEST);
            }
            let field = match *name {
                header::HOST => &mut fields.host,
                header::CONTENT_TYPE => &mut fields.content_type,
                header::CONTENT_LENGTH => &mut fields.content_length,
                header::TRANSFER_ENCODING => &mut fields.transfer_encoding,
                _ => continue,
            };
            if field.replace(value).is_some() {
                return Err(StatusCode::BAD_REQUEST);
            }
        }
        Ok(fields)
    }
}

fn framing(parts: &Parts, fields: &Fields<'_>) -> Result<(), StatusCode> {
    let Some(coding) = fields.transfer_encoding else { return Ok(()) };
    let chunked = coding.as_bytes().eq_ignore_ascii_case(b"chunked");
    let alone = fields.content_length.is_none() && parts.version != Version::HTTP_10;
    if chunked && alone { Ok(()) } else { Err(StatusCode::BAD_REQUEST) }
}

fn authority<'a>(parts: &'a Parts, host: Option<&'a HeaderValue>) -> Result<Option<&'a str>, StatusCode> {
    if host.is_none() && parts.version == Version::HTTP_11 {
        return Err(StatusCode::BAD_REQUEST);
    }
    let named = host.map(|value| value.to_str()).transpose().map_err(|_| StatusCode::BAD_REQUEST)?;
    let target = parts.uri.authority().map(hyper::http::uri::Authority::as_str);
    match target.or(named) {
        Some(text) if !is_authority(text) => Err(StatusCode::BAD_REQUEST),
        Some(text) => Ok(Some(text)),
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parts(method: &str, target: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = hyper::Request::builder().method(method).uri(target);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn each_request_has_one_host() {
        assert!(judge(&parts("GET", "/", &[("host", "a.example:80")])).is_ok());
        assert!(judge(&parts("GET", "/", &[])).is_err());
        assert!(judge(&parts("GET", "/", &[("host", "a"), ("host", "a")])).is_err());
        for bad in ["a b", "", "a/b", "a@b", "a:99999", "a:x", "a,b", "[::1"] {
            assert!(judge(&parts("GET", "/", &[("host", bad)])).is_err(), "{bad}");
        }
        assert_eq!(judge(&parts("GET", "http://b.example/", &[("host", "a")])), Ok(Some("b.example")));
        assert_eq!(judge(&parts("GET", "ftp://b.example/", &[("host", "a")])), Err(StatusCode::BAD_REQUEST));
    }

    #[test]
    fn no_body_has_two_lengths() {
        let host = ("host", "a");
        assert!(judge(&parts("POST", "/", &[host, ("transfer-encoding", "Chunked")])).is_ok());
        assert!(judge(&parts("POST", "/", &[host, ("transfer-encoding", "gzip, chunked")])).is_err());
        let both = [host, ("transfer-encoding", "chunked"), ("content-length", "3")];
        assert!(judge(&parts("POST", "/", &both)).is_err());
    }

    #[test]
    fn no_tunnel_and_no_mirror() {
        assert_eq!(judge(&parts("CONNECT", "a:80", &[("host", "a")])), Err(StatusCode::METHOD_NOT_ALLOWED));
        assert_eq!(judge(&parts("TRACE", "/", &[("host", "a")])), Err(StatusCode::METHOD_NOT_ALLOWED));
    }
}
