//! Who is asked for a name and a password, and how it is found out whether they are right.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::sections::AskedScript;

/// How a client proves who it is. `None` is "not set here".
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Authentication {
    /// `AuthType`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scheme: Option<Scheme>,
    /// `AuthName`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub realm: Option<String>,
    /// `AuthBasicProvider`; `file` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub basic_providers: Option<Vec<Provider>>,
    /// `AuthDigestProvider`; `file` by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_providers: Option<Vec<Provider>>,
    /// `AuthBasicAuthoritative`; on by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authoritative: Option<bool>,
    /// `AuthDigestNonceLifetime`, seconds; 300 by default, without end if it is not above 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce_lifetime: Option<i64>,
    /// `AuthDigestDomain`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest_domain: Option<Vec<String>>,
    /// `AuthUserFile`, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_file: Option<PathBuf>,
    /// `AuthGroupFile`, absolute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_file: Option<PathBuf>,
    /// `WSGIAuthUserScript`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub user_script: Option<AskedScript>,
    /// `WSGIAuthGroupScript`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub group_script: Option<AskedScript>,
    /// `AuthzSendForbiddenOnFailure`; off by default.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forbidden_on_failure: Option<bool>,
}

/// `AuthType`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scheme {
    /// `None`: nobody is asked.
    Nobody,
    /// `Basic`.
    Basic,
    /// `Digest`.
    Digest,
    /// One that this server does not carry out: nobody gets in by it. Reported as unsupported before.
    Other(String),
}

/// Who knows users and their passwords.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Provider {
    /// `file`: `AuthUserFile`.
    File,
    /// `wsgi`: `WSGIAuthUserScript`.
    Wsgi,
    /// One that this server does not have: it knows nobody. Reported as unsupported before.
    Other(String),
}

/// `AuthMerging`: what becomes of the requirements of the sections before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Merging {
    /// `Off`, as without the directive, but also where nothing takes their place.
    Off,
    /// `And`: theirs must be met as well.
    And,
    /// `Or`: theirs are enough.
    Or,
}

impl Authentication {
    /// Whether nothing is set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Whether a client is asked who it is, or would be if the server could.
    #[must_use]
    pub fn asks(&self) -> bool {
        self.scheme.as_ref().is_some_and(|scheme| *scheme != Scheme::Nobody)
    }

    /// Lays what a more specific section sets over this. Each directive is inherited by itself.
    pub(super) fn overlay(&mut self, over: &Self) {
        macro_rules! take {
            ($($field:ident)*) => { $( if over.$field.is_some() { self.$field.clone_from(&over.$field); } )* };
        }
        take!(scheme realm basic_providers digest_providers authoritative nonce_lifetime digest_domain);
        take!(user_file group_file user_script group_script forbidden_on_failure);
    }
}
