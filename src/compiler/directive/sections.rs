//! The sections that act: `<VirtualHost>`, `<Directory>`, `<Files>`, `<Location>` and their forms with patterns.

use super::{Context, Effect, Kind, Spec, arg};
use Context::{Directory, Htaccess, ServerConfig, VirtualHost};

/// What a section is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SectionKind {
    /// `<VirtualHost>`.
    VirtualHost,
    /// `<Directory>`; with `~` its argument is a regular expression.
    Directory,
    /// `<DirectoryMatch>`.
    DirectoryMatch,
    /// `<Files>`; with `~` its argument is a regular expression.
    Files,
    /// `<FilesMatch>`.
    FilesMatch,
    /// `<Location>`; with `~` its argument is a regular expression.
    Location,
    /// `<LocationMatch>`.
    LocationMatch,
    /// `<WSGIInterpreterOptions>`.
    InterpreterOptions,
}

impl SectionKind {
    /// What the table of names calls the place that the section makes.
    #[must_use]
    pub fn directory_kind(self) -> &'static str {
        match self {
            Self::VirtualHost | Self::InterpreterOptions => "",
            Self::Directory | Self::DirectoryMatch => "Directory",
            Self::Files | Self::FilesMatch => "Files",
            Self::Location | Self::LocationMatch => "Location",
        }
    }
}

/// The entry of a section with one argument.
const fn section(
    name: &'static str,
    kind: SectionKind,
    contexts: &'static [Context],
    summary: &'static str,
    example: &'static str,
) -> Spec {
    Spec {
        name,
        summary,
        contexts,
        args: &[],
        options: &[],
        default: None,
        example,
        explain: "",
        effect: Effect::Open(kind),
    }
}

const SERVERS: &[Context] = &[ServerConfig, VirtualHost];
const ANYWHERE: &[Context] = &[ServerConfig, VirtualHost, Directory, Htaccess];

pub(super) const SPECS: &[Spec] = &[
    Spec {
        args: &[arg("address", Kind::Text).many()],
        ..section(
            "<VirtualHost",
            SectionKind::VirtualHost,
            &[ServerConfig],
            "A site of its own, by address and name.",
            "Listen 80\n<VirtualHost *:80>\n    ServerName shop.example\n</VirtualHost>",
        )
    },
    section(
        "<Directory",
        SectionKind::Directory,
        SERVERS,
        "What holds for the files in a folder.",
        "<Directory /srv/shop>\n    Require all granted\n</Directory>",
    ),
    section(
        "<DirectoryMatch",
        SectionKind::DirectoryMatch,
        SERVERS,
        "What holds for the files whose path a regular expression finds.",
        "<DirectoryMatch \"/srv/[^/]+/static/\">\n    Require all granted\n</DirectoryMatch>",
    ),
    section(
        "<Files",
        SectionKind::Files,
        ANYWHERE,
        "What holds for the files of a name.",
        "<Files app.wsgi>\n    Require all granted\n</Files>",
    ),
    section(
        "<FilesMatch",
        SectionKind::FilesMatch,
        ANYWHERE,
        "What holds for the files whose name a regular expression finds.",
        "<FilesMatch \"^\\.ht\">\n    Require all denied\n</FilesMatch>",
    ),
    section(
        "<Location",
        SectionKind::Location,
        SERVERS,
        "What holds for the URLs below a path.",
        "<Location /status>\n    Require local\n</Location>",
    ),
    section(
        "<LocationMatch",
        SectionKind::LocationMatch,
        SERVERS,
        "What holds for the URLs that a regular expression finds.",
        "<LocationMatch \"^/(admin|internal)\">\n    Require local\n</LocationMatch>",
    ),
];
