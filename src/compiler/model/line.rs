//! Lines that only checks read: the model keeps their words and gives them no meaning.

use crate::compiler::source::{Span, Spanned, Text};

/// The directives whose lines are kept, as Apache spells them. Other lines are forgotten once they are lowered.
const CHECKED: &[&str] = &[
    "Action",
    "AddHandler",
    "AliasMatch",
    "AllowEncodedSlashes",
    "AllowOverride",
    "AuthBasicProvider",
    "AuthDigestProvider",
    "AuthName",
    "AuthType",
    "AuthUserFile",
    "BrowserMatch",
    "BrowserMatchNoCase",
    "CGIPassAuth",
    "ChrootDir",
    "CoreDumpDirectory",
    "DefaultRuntimeDir",
    "ErrorDocument",
    "LoadFile",
    "LoadModule",
    "MaxClients",
    "MaxRequestWorkers",
    "MDExternalAccountBinding",
    "NameVirtualHost",
    "Options",
    "PassEnv",
    "ProxyPass",
    "ProxyPassMatch",
    "ProxyRequests",
    "Redirect",
    "RedirectMatch",
    "RedirectPermanent",
    "RedirectTemp",
    "RemoteIPInternalProxyList",
    "RemoteIPTrustedProxyList",
    "RewriteCond",
    "RewriteEngine",
    "RewriteMap",
    "RewriteOptions",
    "RewriteRule",
    "Satisfy",
    "ScriptAlias",
    "ServerName",
    "SessionCryptoPassphraseFile",
    "SetEnvIf",
    "SetEnvIfExpr",
    "SetEnvIfNoCase",
    "SetHandler",
    "SSLCACertificateFile",
    "SSLCACertificatePath",
    "SSLCADNRequestFile",
    "SSLCADNRequestPath",
    "SSLCARevocationFile",
    "SSLCARevocationPath",
    "SSLCertificateChainFile",
    "SSLCertificateFile",
    "SSLCertificateKeyFile",
    "SSLEngine",
    "SSLOCSPResponderCertificateFile",
    "SSLProxyCACertificateFile",
    "SSLProxyCACertificatePath",
    "SSLProxyCARevocationFile",
    "SSLProxyCARevocationPath",
    "SSLProxyMachineCertificateChainFile",
    "SSLProxyMachineCertificateFile",
    "SSLProxyMachineCertificatePath",
    "SSLSessionTicketKeyFile",
    "SSLSRPVerifierFile",
    "SSLUserName",
    "SSLVerifyClient",
    "ThreadLimit",
    "WSGIAccessScript",
    "WSGIApplicationGroup",
    "WSGIAuthGroupScript",
    "WSGIAuthUserScript",
    "WSGIDispatchScript",
    "WSGIErrorOverride",
    "WSGIHandlerScript",
    "WSGIIgnoreActivity",
    "WSGIImportScript",
    "WSGIPassApacheRequest",
    "WSGIProcessGroup",
    "WSGIPythonEggs",
    "WSGIPythonHashSeed",
    "WSGIPythonHome",
    "WSGIPythonPath",
    "WSGIRestrictProcess",
    "WSGIServerMetrics",
    "WSGISocketPrefix",
    "WSGITrustedProxies",
    "WSGITrustedProxyHeaders",
];

/// One line.
#[derive(Debug)]
pub struct Line {
    /// The directive, as Apache spells it.
    pub name: &'static str,
    /// The words after it.
    pub words: Vec<Spanned<Text>>,
    /// The whole line.
    pub span: Span,
    /// How many process groups were defined before it.
    pub groups_before: usize,
}

impl Line {
    /// The directives whose lines are kept, as Apache spells them.
    #[cfg(test)]
    pub(crate) const CHECKED: &[&str] = CHECKED;

    /// Whether the lines of a directive are kept, by its name as Apache spells it.
    pub fn is_checked(name: &str) -> bool {
        CHECKED.contains(&name)
    }

    /// A word by its number, empty where there is none.
    pub fn word(&self, index: usize) -> &str {
        self.words.get(index).map_or("", |word| word.value.as_str())
    }

    /// The value of a word `name=value`.
    pub fn option(&self, name: &str) -> Option<Spanned<&str>> {
        self.words.iter().find_map(|word| {
            let value = word.value.strip_prefix(name)?.strip_prefix('=')?;
            Some(Spanned::new(value.trim_matches('"'), word.span))
        })
    }

    /// Whether a line of `AllowOverride` lets `.htaccess` say what belongs to a class.
    pub fn allows(&self, class: &str) -> bool {
        self.words.iter().any(|word| {
            let name = word.value.split('=').next().unwrap_or_default();
            name.eq_ignore_ascii_case("All") || name.eq_ignore_ascii_case(class)
        })
    }

    /// Whether the third word, in brackets, has one of these flags of `mod_rewrite`.
    pub fn has_flag(&self, flags: &[&str]) -> bool {
        let written = self.word(2).trim_start_matches('[').trim_end_matches(']');
        let mut names = written.split(',').map(|flag| flag.split('=').next().unwrap_or_default().trim());
        names.any(|name| flags.iter().any(|flag| flag.eq_ignore_ascii_case(name)))
    }

    /// Whether its first word is `On`.
    pub fn is_on(&self) -> bool {
        self.word(0).eq_ignore_ascii_case("on")
    }
}
