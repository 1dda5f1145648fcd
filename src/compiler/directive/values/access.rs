//! Who may do what: authentication, authorization, LDAP, sessions and cookies.

use super::super::METHODS;
use super::super::kind::Kind::{
    self, Choice, CookieDomain, CookieExpires, Duration, Either, Exactly, Integer, Number, Path, Regex, SharedCache,
    Size, StartsWith, Text,
};
use super::{Row, each, line, lines, words};

/// Kinds of certificates and keys, by what knows them.
const CLIENT_CERTIFICATES: &[&str] = &[
    "CA_DER",
    "CA_BASE64",
    "CERT_DER",
    "CERT_BASE64",
    "CERT_NICKNAME",
    "CERT_PFX",
    "KEY_DER",
    "KEY_BASE64",
    "KEY_PFX",
];
const GLOBAL_CERTIFICATES: &[&str] = &[
    "CA_DER",
    "CA_BASE64",
    "CA_CERT7_DB",
    "CA_SECMOD",
    "CERT_DER",
    "CERT_BASE64",
    "CERT_KEY3_DB",
    "CERT_NICKNAME",
    "KEY_DER",
    "KEY_BASE64",
];

/// Nothing below 0.
const NOT_NEGATIVE: &[Kind] = &[Number(0, i64::MAX as u64)];

pub(super) const ROWS: &[Row] = &[
    each("AllowMethods", &[Either(&[Exactly(&METHODS), Choice(&["reset"])])]).at_least(1),
    words("AuthBasicUseDigestAlgorithm", &[Choice(&["MD5", "Off"])]),
    words("AuthDigestAlgorithm", &[Choice(&["MD5"])]),
    words("AuthDigestNonceLifetime", &[Integer(i64::MIN, i64::MAX)]),
    each("AuthDigestQop", &[Choice(&["auth"])]),
    words("AuthDigestShmemSize", &[Size]),
    line("AuthFormBody", lines::cookie_name),
    line("AuthFormLocation", lines::cookie_name),
    line("AuthFormMethod", lines::cookie_name),
    line("AuthFormMimetype", lines::cookie_name),
    line("AuthFormPassword", lines::cookie_name),
    words("AuthFormSize", NOT_NEGATIVE),
    line("AuthFormUsername", lines::cookie_name),
    words("AuthLDAPDereferenceAliases", &[Choice(&["never", "searching", "finding", "always", "On", "Off"])]),
    words("AuthLDAPInitialBindPattern", &[Regex]),
    words(
        "AuthLDAPURL",
        &[StartsWith(&["ldap://", "ldaps://", "ldapi://"]), Choice(&["NONE", "SSL", "TLS", "STARTTLS"])],
    ),
    words("AuthnCacheSOCache", &[SharedCache]),
    words("AuthnzFcgiCheckAuthnProvider", &[Text]).at_least(1).together(lines::fcgi_check),
    words("AuthnzFcgiDefineProvider", &[Choice(&["authn", "authz", "authnz"]), Text, StartsWith(&["fcgi://"])])
        .at_least(3),
    words("CookieDomain", &[CookieDomain]),
    words("CookieExpires", &[CookieExpires]),
    words("CookieSameSite", &[Choice(&["Strict", "Lax", "None"])]),
    words("CookieStyle", &[Choice(&["Netscape", "Cookie", "Cookie2", "RFC2109", "RFC2965"])]),
    words("LDAPConnectionPoolTTL", &[Either(&[Duration, Choice(&["-1"])])]),
    words("LDAPReferralHopLimit", &[Number(1, i32::MAX as u64)]),
    words("LDAPReferrals", &[Choice(&["On", "Off", "default"])]),
    words("LDAPRetries", NOT_NEGATIVE),
    words("LDAPRetryDelay", &[Duration]),
    words("LDAPTimeout", &[Integer(0, i64::MAX)]),
    words("LDAPTrustedClientCert", &[Choice(CLIENT_CERTIFICATES), Path]),
    words("LDAPTrustedGlobalCert", &[Choice(GLOBAL_CERTIFICATES), Path]),
    words("LDAPTrustedMode", &[Choice(&["NONE", "SSL", "TLS", "STARTTLS"])]),
    words("SessionCookieName", &[]).at_least(1).together(lines::cookie_name),
    words("SessionCookieName2", &[]).at_least(1).together(lines::cookie_name),
    words("SessionDBDCookieName", &[]).at_least(1).together(lines::cookie_name),
    words("SessionDBDCookieName2", &[]).at_least(1).together(lines::cookie_name),
    words("SessionExpiryUpdateInterval", NOT_NEGATIVE),
];
