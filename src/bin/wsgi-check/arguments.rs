//! What may be typed after `wsgi-check`. Help, completions and the manual page are made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use wsgi_httpd::compiler::directive::Target;

/// Says everything that is wrong with an httpd.conf that runs WSGI applications.
#[derive(Parser)]
#[command(
    name = "wsgi-check",
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    subcommand_negates_reqs = true
)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) check: Check,
    /// Print the page of a finding or a directive.
    #[arg(long, value_name = "NAME", exclusive = true)]
    pub(crate) explain: Option<String>,
    /// List everything that may be found; with `--format json` as JSON.
    #[arg(long, conflicts_with = "files")]
    pub(crate) list_checks: bool,
}

/// What is no check of files. A file of such a name is checked as `./NAME`. A further one is a variant here, an arm in
/// `main`, and a module that does it.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Say what Apache would do with one request, and by which lines.
    Explain(Box<Question>),
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
    /// Write the reference pages of all findings and of mod_wsgi's directives.
    #[command(hide = true)]
    Reference {
        /// Where to.
        folder: PathBuf,
    },
    /// Serve an editor: the language server protocol over standard input and output.
    Lsp {
        /// Accepted, as many editors give it: there is no other way.
        #[arg(long)]
        stdio: bool,
        #[command(flatten)]
        compile: Compile,
    },
}

/// One request.
#[derive(Args)]
pub(crate) struct Question {
    /// The URL; a path alone comes in at the first `Listen`.
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The configuration.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The method.
    #[arg(long, short = 'X', default_value = "GET")]
    pub(crate) method: String,
    /// A header field, `Name: value`; `Host` takes the place of the URL's.
    #[arg(long, short = 'H', value_name = "FIELD")]
    pub(crate) header: Vec<String>,
    /// The client's address.
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1")]
    pub(crate) from: std::net::IpAddr,
    /// The server's address that the client comes to, where the URL does not say it.
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) to: Option<std::net::IpAddr>,
    /// Print the answer as JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

/// How files are checked.
#[derive(Args)]
pub(crate) struct Check {
    /// The configurations to check, each on its own; `-` for standard input.
    #[arg(value_name = "FILE", required_unless_present_any = ["explain", "list_checks"])]
    pub(crate) files: Vec<PathBuf>,
    /// Print what the configuration amounts to.
    #[arg(long, value_enum)]
    pub(crate) emit: Option<Emit>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "full")]
    pub(crate) format: Format,
    /// Write what was found to a file.
    #[arg(long, short = 'o', value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// How grave a finding must be for exit status 1.
    #[arg(long, value_enum, value_name = "LEVEL", default_value = "error")]
    pub(crate) fail_level: FailLevel,
    /// Look only for these findings: names or patterns such as `process-group-*`, separated by commas.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) select: Vec<String>,
    /// Leave these findings out; it goes before `--select`.
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub(crate) ignore: Vec<String>,
    /// Leave out what this file accepts.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Accept everything that is found now, in this file.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["baseline", "emit"])]
    pub(crate) write_baseline: Option<PathBuf>,
    /// Put right what has one certain repair; every other byte stays.
    #[arg(long, conflicts_with_all = ["emit", "write_baseline"])]
    pub(crate) fix: bool,
    /// Show what `--fix` would do instead; exit status 1 if anything.
    #[arg(long, conflicts_with_all = ["emit", "write_baseline", "fix", "output"])]
    pub(crate) diff: bool,
    /// What to call standard input.
    #[arg(long, value_name = "FILE", default_value = "<stdin>")]
    pub(crate) stdin_filename: PathBuf,
    /// Count the findings of each kind instead of printing them.
    #[arg(long)]
    pub(crate) statistics: bool,
    /// Print no findings; the exit status tells.
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// Whether to print in colours.
    #[arg(long, value_enum, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: Colour,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

/// How a configuration is compiled.
#[derive(Args)]
pub(crate) struct Compile {
    /// For whom to judge.
    #[arg(long = "for", value_enum, default_value = "apache")]
    pub(crate) judge: For,
    /// The versions that the configuration is for: `apache=2.4.57,mod_wsgi=4.9.4`.
    #[arg(long, value_name = "VERSIONS", default_value = "", hide_default_value = true)]
    pub(crate) target: Target,
    /// Make `<IfDefine NAME>` true.
    #[arg(short = 'D', value_name = "NAME")]
    pub(crate) defines: Vec<String>,
    /// `ServerRoot`, until the configuration sets it.
    #[arg(short = 'd', value_name = "ROOT")]
    pub(crate) server_root: Option<PathBuf>,
    /// A line before the configuration.
    #[arg(short = 'C', value_name = "DIRECTIVE")]
    pub(crate) before: Vec<String>,
    /// A line after the configuration.
    #[arg(short = 'c', value_name = "DIRECTIVE")]
    pub(crate) after: Vec<String>,
    /// Only warn about what wsgi-serve does not carry out.
    #[arg(long)]
    pub(crate) ignore_unsupported: bool,
    /// Know only the modules that the configuration loads, beside those that are compiled into Apache.
    #[arg(long)]
    pub(crate) strict_modules: bool,
    /// The files are such as `AccessFileName` names, as one called `.htaccess` always is.
    #[arg(long)]
    pub(crate) htaccess: bool,
    /// Look for matters of taste too.
    #[arg(long)]
    pub(crate) pedantic: bool,
    /// Do not look at the machine: its files, its Pythons, its accounts.
    #[arg(long)]
    pub(crate) no_files: bool,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum For {
    /// Apache with mod_wsgi.
    Apache,
    /// Our own server.
    WsgiServe,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Emit {
    /// The plan, as JSON.
    Plan,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Format {
    /// With the lines that each finding speaks of.
    Full,
    /// One line for each finding.
    Concise,
    /// A JSON array.
    Json,
    /// SARIF 2.1.0, for code scanning.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// A JUnit report.
    Junit,
    /// A Checkstyle report.
    Checkstyle,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum FailLevel {
    /// Errors alone.
    Error,
    /// Errors and warnings.
    Warning,
    /// Everything.
    Info,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
