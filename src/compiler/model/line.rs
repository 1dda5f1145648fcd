//! Lines that only checks read: the model keeps their words and gives them no meaning.

use crate::compiler::source::{Span, Spanned};

/// The directives whose lines are kept, as Apache spells them. Other lines are forgotten once they are lowered.
const KEPT: &[&str] = &[
    "AddHandler",
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
    "NameVirtualHost",
    "Options",
    "PassEnv",
    "ProxyPass",
    "Redirect",
    "RedirectMatch",
    "RedirectPermanent",
    "RedirectTemp",
    "RemoteIPInternalProxyList",
    "RemoteIPTrustedProxyList",
    "RewriteCond",
    "RewriteEngine",
    "RewriteOptions",
    "RewriteRule",
    "Satisfy",
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
    pub words: Vec<Spanned<String>>,
    /// The whole line.
    pub span: Span,
    /// How many process groups were defined before it.
    pub groups_before: usize,
}

fn lower(name: &str) -> impl Iterator<Item = u8> {
    name.bytes().map(|byte| byte.to_ascii_lowercase())
}

impl Line {
    /// Whether lines of a directive are kept, and its name as Apache spells it.
    pub fn kept(name: &str) -> Option<&'static str> {
        KEPT.binary_search_by(|kept| lower(kept).cmp(lower(name))).ok().map(|at| KEPT[at])
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

    /// Whether its first word is `On`.
    pub fn is_on(&self) -> bool {
        self.word(0).eq_ignore_ascii_case("on")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_name_is_found_whatever_its_case() {
        for name in KEPT {
            assert_eq!(Line::kept(&name.to_ascii_uppercase()), Some(*name), "the list is not in order at {name}");
        }
        assert_eq!(Line::kept("Listen"), None);
    }
}
