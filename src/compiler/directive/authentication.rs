//! How a client proves who it is: `AuthType`, `AuthName`, who knows names and passwords, and what a failure is answered with.

use super::wsgi::FLAG;
use super::{Arg, Args, Context, Effect, Kind, Scope, Spec, arg};
use crate::compiler::diagnostic::Severity;
use crate::plan::access::{Merging, Provider, Scheme};

const BASE: Spec = Spec { contexts: &[Context::Directory, Context::Htaccess], ..Spec::BASE };

const PROVIDERS: &[Arg] = &[arg("provider", Kind::Text).many()];

pub(super) const SPECS: &[Spec] = &[
    Spec {
        name: "AuthType",
        summary: "How clients send name and password.",
        args: &[arg("type", Kind::Text)],
        default: Some("None"),
        example: "<Location /shop>\n    AuthType Basic\n    AuthName shop\n    AuthUserFile /srv/shop/users\n    Require valid-user\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let name = args.take::<String>("type");
            let scheme = match name.value.to_ascii_lowercase().as_str() {
                "none" => Scheme::Nobody,
                "basic" => Scheme::Basic,
                "digest" => Scheme::Digest,
                _ => {
                    scope.unsupported(name.span, "nobody can log in so", Severity::Error);
                    Scheme::Other(name.value)
                }
            };
            scope.settings().authentication.scheme = Some(scheme);
        }),
        ..BASE
    },
    Spec {
        name: "AuthName",
        summary: "What clients log in to, as their users read it.",
        args: &[arg("realm", Kind::Text)],
        example: "<Location /shop>\n    AuthType Basic\n    AuthName \"The shop\"\n    AuthUserFile /srv/shop/users\n    Require valid-user\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let realm = args.take::<String>("realm");
            if realm.value.contains("%{") {
                scope.unsupported(realm.span, "expressions are not looked at: it stays as it is", Severity::Error);
            }
            scope.settings().authentication.realm = Some(realm.value);
        }),
        ..BASE
    },
    Spec {
        name: "AuthBasicProvider",
        summary: "Who knows the names and passwords of `AuthType Basic`. The next is asked where a name is unknown.",
        args: PROVIDERS,
        default: Some("file"),
        example: "<Location /shop>\n    AuthType Basic\n    AuthName shop\n    AuthBasicProvider wsgi\n    WSGIAuthUserScript /srv/shop/auth.py\n    Require valid-user\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let providers = providers(args, scope);
            // A second line of the section goes on with the list.
            scope.settings().authentication.basic_providers.get_or_insert_default().extend(providers);
        }),
        ..BASE
    },
    Spec {
        name: "AuthDigestProvider",
        summary: "Who knows the names and passwords of `AuthType Digest`.",
        args: PROVIDERS,
        default: Some("file"),
        example: "<Location /shop>\n    AuthType Digest\n    AuthName shop\n    AuthDigestProvider wsgi\n    WSGIAuthUserScript /srv/shop/auth.py\n    Require valid-user\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let providers = providers(args, scope);
            scope.settings().authentication.digest_providers.get_or_insert_default().extend(providers);
        }),
        ..BASE
    },
    Spec {
        name: "AuthBasicAuthoritative",
        summary: "Whether a name that nobody knows is refused.",
        args: FLAG,
        default: Some("On"),
        example: "<Location /shop>\n    AuthBasicAuthoritative On\n</Location>",
        effect: Effect::Lower(|args, scope| scope.settings().authentication.authoritative = flag(args)),
        ..BASE
    },
    Spec {
        name: "AuthDigestNonceLifetime",
        summary: "How long a nonce is good for, seconds.",
        args: &[arg("seconds", Kind::Integer(i64::MIN, i64::MAX))],
        default: Some("300"),
        example: "<Location /shop>\n    AuthDigestNonceLifetime 600\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let written = args.take::<String>("seconds");
            let seconds = written.value.parse().ok();
            if seconds == Some(0) {
                scope.unsupported(written.span, "a nonce is never good for one request alone", Severity::Error);
            }
            scope.settings().authentication.nonce_lifetime = seconds;
        }),
        ..BASE
    },
    Spec {
        name: "AuthDigestQop",
        summary: "What is protected by Digest: the request line.",
        args: &[arg("protection", Kind::Choice(&["auth"])).many()],
        default: Some("auth"),
        example: "<Location /shop>\n    AuthDigestQop auth\n</Location>",
        effect: Effect::Lower(|_, _| ()),
        ..BASE
    },
    Spec {
        name: "AuthDigestAlgorithm",
        summary: "How Digest hashes: by MD5.",
        args: &[arg("algorithm", Kind::Choice(&["MD5"]))],
        default: Some("MD5"),
        example: "<Location /shop>\n    AuthDigestAlgorithm MD5\n</Location>",
        effect: Effect::Lower(|_, _| ()),
        ..BASE
    },
    Spec {
        name: "AuthDigestDomain",
        summary: "Where clients may use the same name and password, as a hint to them.",
        args: &[arg("URI", Kind::Text).many()],
        example: "<Location /shop>\n    AuthDigestDomain /shop\n</Location>",
        effect: Effect::Lower(|args, scope| {
            let more = args.many::<String>("URI").into_iter().map(|word| word.value);
            scope.settings().authentication.digest_domain.get_or_insert_default().extend(more);
        }),
        ..BASE
    },
    Spec {
        name: "AuthUserFile",
        summary: "A file of names and passwords, as `htpasswd` or `htdigest` writes it.",
        args: &[arg("file-path", Kind::Path)],
        example: "<Location /shop>\n    AuthType Basic\n    AuthName shop\n    AuthUserFile /srv/shop/users\n    Require valid-user\n</Location>",
        effect: Effect::Lower(|args, scope| scope.settings().authentication.user_file = args.option("file-path")),
        ..BASE
    },
    Spec {
        name: "AuthGroupFile",
        summary: "A file of groups and the users in each.",
        args: &[arg("file-path", Kind::Path)],
        example: "<Location /shop>\n    AuthType Basic\n    AuthName shop\n    AuthUserFile /srv/shop/users\n    AuthGroupFile /srv/shop/groups\n    Require group staff\n</Location>",
        effect: Effect::Lower(|args, scope| scope.settings().authentication.group_file = args.option("file-path")),
        ..BASE
    },
    Spec {
        name: "AuthMerging",
        summary: "Whether the requirements of the sections before hold too.",
        args: &[arg("merging", Kind::Choice(&["Off", "And", "Or"]))],
        default: Some("Off"),
        example: "<Directory /srv/shop/admin>\n    AuthMerging And\n    Require local\n</Directory>",
        effect: Effect::Lower(|args, scope| {
            let merging = match args.take::<String>("merging").value.to_ascii_lowercase().as_str() {
                "and" => Merging::And,
                "or" => Merging::Or,
                _ => Merging::Off,
            };
            scope.settings().merging = Some(merging);
        }),
        ..BASE
    },
    Spec {
        name: "AuthzSendForbiddenOnFailure",
        summary: "Whether a user who may not see something gets 403, and is not asked for another name.",
        args: FLAG,
        default: Some("Off"),
        example: "<Location /shop>\n    AuthzSendForbiddenOnFailure On\n</Location>",
        effect: Effect::Lower(|args, scope| scope.settings().authentication.forbidden_on_failure = flag(args)),
        ..BASE
    },
    Spec {
        name: "WSGIGroupAuthoritative",
        summary: "Does nothing since Apache 2.4.",
        args: FLAG,
        default: Some("On"),
        example: "<Location /shop>\nWSGIGroupAuthoritative On\n</Location>",
        explain: include_str!("wsgi_group_authoritative.md"),
        effect: Effect::Ignore("nor does it in mod_wsgi"),
        ..BASE
    },
];

fn flag(args: &mut Args) -> Option<bool> {
    args.option("state").map(|state| state.value)
}

fn providers(args: &mut Args, scope: &mut Scope) -> Vec<Provider> {
    let provider = |name: crate::compiler::source::Spanned<String>| match name.value.as_str() {
        "file" => Provider::File,
        "wsgi" => Provider::Wsgi,
        _ => {
            scope.unsupported(name.span, "nobody is known to it", Severity::Error);
            Provider::Other(name.value)
        }
    };
    args.many("provider").into_iter().map(provider).collect()
}
