//! What may be typed after `wsgi-check`. Help, completions and the manual page are made from it.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

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
    /// List everything that may be found.
    #[arg(long, exclusive = true)]
    pub(crate) list_checks: bool,
}

/// What is no check of files. A file of such a name is checked as `./NAME`. A further one is a variant here, an arm in
/// `main`, and a module that does it.
#[derive(Subcommand)]
pub(crate) enum Command {
    /// Print the completions for a shell.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Print the manual page.
    Man,
}

/// How files are checked.
#[derive(Args)]
pub(crate) struct Check {
    /// The configurations to check, each on its own.
    #[arg(value_name = "FILE", required_unless_present_any = ["explain", "list_checks"])]
    pub(crate) files: Vec<PathBuf>,
    /// Print what the configuration amounts to.
    #[arg(long, value_enum)]
    pub(crate) emit: Option<Emit>,
    /// How to print what was found.
    #[arg(long, value_enum, default_value = "full")]
    pub(crate) format: Format,
    #[command(flatten)]
    pub(crate) compile: Compile,
}

/// How a configuration is compiled.
#[derive(Args)]
pub(crate) struct Compile {
    /// For whom to judge.
    #[arg(long = "for", value_enum, default_value = "apache")]
    pub(crate) judge: For,
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
    /// Look for matters of taste too.
    #[arg(long)]
    pub(crate) pedantic: bool,
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
}
