//! Why a server could not start: always with the line of the directive that it is about, and with what to do.

use std::fmt;
use std::io;
use std::path::PathBuf;

use crate::plan::Place;

/// Why a server could not start. Its text names file, line and remedy.
#[derive(Debug)]
pub enum StartError {
    /// Started by root, and nothing says who to become.
    NoUser,
    /// `group=` without anybody's `user=`.
    GroupWithoutUser(Place),
    /// A numeric user that no account has, without a group.
    NoGroup(Place),
    /// A name that the machine does not know.
    Unknown {
        /// The line.
        place: Place,
        /// `user` or `group`.
        what: &'static str,
        /// As written.
        name: String,
    },
    /// Root is not an account to run applications under.
    Root {
        /// The line.
        place: Place,
        /// `user` or `group`.
        what: &'static str,
    },
    /// Only root may change the root folder.
    ChrootNeedsRoot(Place),
    /// A listener cannot be bound.
    Listen {
        /// The line of its `Listen`.
        place: Place,
        /// Address and port.
        address: String,
        /// Why.
        source: io::Error,
    },
    /// A log cannot be opened.
    Log {
        /// The line.
        place: Place,
        /// File or program.
        target: String,
        /// Why.
        source: io::Error,
    },
    /// The library that `python` loads is not there.
    Library {
        /// Where it was looked for.
        path: PathBuf,
        /// Why it cannot be opened.
        source: io::Error,
    },
    /// `PidFile` cannot be written, or another server has it.
    PidFile {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The threads of the process groups need more descriptors than a process may have.
    Descriptors {
        /// The line of the group that needs most.
        place: Option<Place>,
        /// So many.
        needed: u64,
        /// What the machine allows.
        hard: u64,
    },
    /// A process said why it could not start.
    Process(String),
    /// The machine has no processes, threads or descriptors left.
    Machine(io::Error),
}

impl fmt::Display for StartError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoUser => write!(
                f,
                "started by root, and no `User` says which account to become; add `User www-data`, or start with --allow-root"
            ),
            Self::GroupWithoutUser(place) => {
                write!(f, "{place}: group= without a user; add user= here, or `User` to the server")
            }
            Self::NoGroup(place) => {
                write!(f, "{place}: no account has this number, so its group is not known; name a group too")
            }
            Self::Unknown { place, what, name } => write!(
                f,
                "{place}: there is no {what} `{name}` on this machine; create it, or name one that `getent {database}` lists",
                database = if *what == "user" { "passwd" } else { "group" }
            ),
            Self::Root { place, what } => {
                write!(f, "{place}: the {what} is root; name an account without its rights")
            }
            Self::ChrootNeedsRoot(place) => {
                write!(f, "{place}: only root may `chroot`; start as root, or take the option away")
            }
            Self::Listen { place, address, source } => {
                write!(f, "{place}: cannot listen on {address}: {source}; {}", listen_remedy(source))
            }
            Self::Log { place, target, source } => {
                write!(f, "{place}: cannot open the log {target}: {source}; create its folder, or name another")
            }
            Self::Library { path, source } => write!(
                f,
                "cannot open {}: {source}; install libwsgi_python.so beside wsgi-serve or in ../lib/wsgi-httpd",
                path.display()
            ),
            Self::PidFile { path, source } => write!(
                f,
                "PidFile {}: {source}; stop the other server, or name another file with `PidFile`",
                path.display()
            ),
            Self::Descriptors { place, needed, hard } => {
                if let Some(place) = place {
                    write!(f, "{place}: ")?;
                }
                write!(
                    f,
                    "the threads of the process groups need {needed} descriptors, and the machine allows {hard} a process \
                     (`ulimit -Hn`); lower processes= or threads=, or raise the limit (LimitNOFILE= of a systemd unit)"
                )
            }
            Self::Process(message) => f.write_str(message),
            Self::Machine(source) => write!(f, "the machine refuses: {source}"),
        }
    }
}

impl std::error::Error for StartError {}

fn listen_remedy(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::AddrInUse => "stop the server that has it (`ss -ltnp` names it), or choose another port",
        io::ErrorKind::PermissionDenied => "ports below 1024 are root's: start as root, or choose another port",
        _ => "name an address of this machine",
    }
}
