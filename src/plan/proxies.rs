//! The fields by which proxies tell what their clients asked for (mod_wsgi, `WSGITrustedProxyHeaders`).

/// What a field of a proxy tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tells {
    /// The client's address: `REMOTE_ADDR`.
    Client,
    /// `HTTP_HOST`.
    Host,
    /// `SERVER_NAME`.
    ServerName,
    /// `SERVER_PORT`.
    ServerPort,
    /// `SCRIPT_NAME`.
    ScriptName,
    /// The scheme of the URL, as a word.
    Scheme,
    /// Whether the URL is `https`, as a flag.
    Encrypted,
}

impl Tells {
    /// Whether two fields tell the same: the one of them that is not believed must not be seen.
    #[must_use]
    pub fn is_like(self, other: Self) -> bool {
        let of_scheme = |tells| matches!(tells, Self::Scheme | Self::Encrypted);
        self == other || of_scheme(self) && of_scheme(other)
    }
}

/// Every field that mod_wsgi knows, and what it tells.
pub const FIELDS: [(&str, Tells); 15] = [
    ("X-Client-IP", Tells::Client),
    ("X-Forwarded-For", Tells::Client),
    ("X-Forwarded-HTTPS", Tells::Encrypted),
    ("X-Forwarded-Host", Tells::Host),
    ("X-Forwarded-Port", Tells::ServerPort),
    ("X-Forwarded-Proto", Tells::Scheme),
    ("X-Forwarded-SSL", Tells::Encrypted),
    ("X-Forwarded-Scheme", Tells::Scheme),
    ("X-Forwarded-Script-Name", Tells::ScriptName),
    ("X-Forwarded-Server", Tells::ServerName),
    ("X-HTTPS", Tells::Encrypted),
    ("X-Host", Tells::Host),
    ("X-Real-IP", Tells::Client),
    ("X-Scheme", Tells::Scheme),
    ("X-Script-Name", Tells::ScriptName),
];

/// The field of a name, as it is spelled in [`FIELDS`].
#[must_use]
pub fn field(name: &str) -> Option<(&'static str, Tells)> {
    FIELDS.into_iter().find(|(known, _)| known.eq_ignore_ascii_case(name))
}
