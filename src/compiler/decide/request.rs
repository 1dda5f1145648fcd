//! What is asked: a URL with the headers and addresses that a request would have.

use std::net::{IpAddr, Ipv4Addr};

use serde::Serialize;

use crate::decision::hosts::{is_authority, split_authority};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Request {
    /// The method.
    pub method: String,
    /// Whether it comes over TLS.
    pub https: bool,
    /// The `Host` field; `None` where nothing named one.
    pub host: Option<String>,
    /// The port that it comes in at; `None` is that of the first `Listen`.
    pub port: Option<u16>,
    /// The path, as it is sent.
    pub path: String,
    /// What follows `?`.
    pub query: Option<String>,
    /// The other header fields.
    pub headers: Vec<(String, String)>,
    /// The client's address.
    pub from: IpAddr,
    /// The server's address; `None` where the URL does not say it.
    pub to: Option<IpAddr>,
}

impl Request {
    /// Reads a URL, or a path alone.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn new(url: &str) -> Result<Self, String> {
        let mut request = Self {
            method: "GET".to_owned(),
            https: false,
            host: None,
            port: None,
            path: "/".to_owned(),
            query: None,
            headers: Vec::new(),
            from: IpAddr::V4(Ipv4Addr::LOCALHOST),
            to: None,
        };
        let url = url.split('#').next().unwrap_or_default();
        if url.starts_with('/') {
            request.set_target(url);
            return Ok(request);
        }
        let (scheme, rest) = url.split_once("://").ok_or("a URL begins with `http://`, `https://` or `/`")?;
        request.https = match scheme.to_ascii_lowercase().as_str() {
            "http" => false,
            "https" => true,
            _ => return Err(format!("`{scheme}` is neither http nor https")),
        };
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let authority = &rest[..end];
        if !is_authority(authority) {
            return Err(format!("`{authority}` is no host with a port"));
        }
        let (name, port) = split_authority(authority);
        request.port = port.and_then(|port| port.parse().ok()).or(Some(if request.https { 443 } else { 80 }));
        request.to = match name {
            "localhost" => Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            name => name.trim_matches(['[', ']']).parse().ok(),
        };
        request.host = Some(authority.to_owned());
        request.set_target(&rest[end..]);
        Ok(request)
    }

    fn set_target(&mut self, target: &str) {
        let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
        self.path = if path.starts_with('/') { path.to_owned() } else { format!("/{path}") };
        self.query = query.map(str::to_owned);
    }

    /// Adds a header field, `Name: value`. `Host` takes the place of the URL's.
    ///
    /// # Errors
    /// When there is no colon.
    pub fn add_header(&mut self, line: &str) -> Result<(), String> {
        let (name, value) = line.split_once(':').ok_or_else(|| format!("`{line}` is not `Name: value`"))?;
        let (name, value) = (name.trim(), value.trim());
        if name.eq_ignore_ascii_case("host") {
            self.host = Some(value.to_owned());
        } else {
            self.headers.push((name.to_owned(), value.to_owned()));
        }
        Ok(())
    }

    /// The value of a header field.
    pub fn header(&self, name: &str) -> Option<&str> {
        if name.eq_ignore_ascii_case("host") {
            return self.host.as_deref();
        }
        self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_says_where_it_goes() {
        let request = Request::new("http://shop.example:8080/a/b?c=d#e").unwrap();
        assert_eq!(request.host.as_deref(), Some("shop.example:8080"));
        assert_eq!((request.port, request.to), (Some(8080), None));
        assert_eq!((request.path.as_str(), request.query.as_deref()), ("/a/b", Some("c=d")));
        let request = Request::new("https://[::1]?x").unwrap();
        assert_eq!((request.port, request.to), (Some(443), Some("::1".parse().unwrap())));
        assert_eq!((request.path.as_str(), request.query.as_deref()), ("/", Some("x")));
        assert_eq!(Request::new("/a").unwrap().port, None);
        for bad in ["ftp://a/", "a.example", "http://a b/", "http:///x"] {
            assert!(Request::new(bad).is_err(), "{bad}");
        }
    }
}
