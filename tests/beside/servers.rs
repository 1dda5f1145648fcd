//! The two servers: each is started with the same file, asked everything, and stopped before the other starts.

use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::Command;

use nix::sys::signal::Signal;

use crate::case::{self, Case};
use crate::support::{Answer, Connection, Mode, Python, Server, Site, command, pythons, wait_until};

/// The answers of both, in the order of the requests.
pub(crate) struct Both {
    pub(crate) theirs: Vec<Answer>,
    pub(crate) ours: Vec<Answer>,
}

/// Apache, and the mod_wsgi that `tests/apache/prepare.sh` built.
pub(crate) struct Apache {
    program: &'static str,
    modules: &'static str,
    wsgi: PathBuf,
    /// What mod_wsgi was built for.
    python: &'static Python,
}

const PROGRAMS: [(&str, &str); 2] =
    [("/usr/sbin/apache2", "/usr/lib/apache2/modules"), ("/usr/sbin/httpd", "/usr/lib64/httpd/modules")];

/// What every configuration loads. A module that is built in has no file.
const LOADED: [&str; 18] = [
    "mpm_event",
    "authn_core",
    "authn_file",
    "authz_core",
    "authz_host",
    "authz_user",
    "authz_groupfile",
    "auth_basic",
    "auth_digest",
    "access_compat",
    "alias",
    "dir",
    "mime",
    "env",
    "setenvif",
    "unixd",
    "log_config",
    "autoindex",
];

impl Apache {
    pub(crate) fn find() -> Option<Self> {
        let (program, modules) = PROGRAMS.into_iter().find(|(program, _)| Path::new(program).exists())?;
        let built = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/apache");
        let wsgi = built.join("mod_wsgi.so").canonicalize().ok()?;
        let environment = wsgi.ancestors().find(|folder| folder.join("pyvenv.cfg").exists())?;
        let base = environment.join("bin/python3").canonicalize().ok()?;
        let python = pythons().iter().find(|python| python.program == base)?;
        Some(Self { program, modules, wsgi, python })
    }

    fn prologue(&self, mode: Mode) -> String {
        let file = |name: &&&str| Path::new(self.modules).join(format!("mod_{name}.so"));
        let load = |name: &str, file: &Path| format!("LoadModule {name}_module \"{}\"\n", file.display());
        let mut text: String =
            LOADED.iter().filter(|name| file(name).exists()).map(|name| load(name, &file(&name))).collect();
        text += &load("wsgi", &self.wsgi);
        if nix::unistd::geteuid().is_root() {
            text += "User nobody\nGroup nogroup\n";
        }
        text += "DocumentRoot ${DIR}/static\nMutex pthread\nDefaultRuntimeDir ${DIR}\nWSGISocketPrefix ${DIR}/wsgi\n\
                 StartServers 1\nServerLimit 1\nMinSpareThreads 1\nMaxSpareThreads 4\nThreadsPerChild 4\nMaxRequestWorkers 4\n";
        text += match mode {
            Mode::Embedded => "WSGIPythonHome \"${VENV}\"\n",
            Mode::Daemon => {
                "Define DAEMON\nWSGIDaemonProcess app threads=3 python-home=\"${VENV}\"\nWSGIProcessGroup app\n"
            }
        };
        text
    }

    fn command(&self, conf: &str) -> Command {
        let mut command = Command::new(self.program);
        command.args(["-D", "FOREGROUND", "-f", conf]);
        command
    }
}

/// Asks both.
pub(crate) fn both(apache: &Apache, case: &Case, mode: Mode) -> Both {
    let site = Site::under(apache.python);
    copy(&case::folder().join("site"), &site);
    site.file("mime.types", "text/css css\ntext/html html\ntext/plain txt\n");
    let conf = site.configure(&format!("{}{}", apache.prologue(mode), case.text));
    let conf = conf.to_str().expect("our own path");
    let mut server = Server::start_with(&site, apache.command(conf));
    let theirs = ask(case, &site, &server);
    server.signal(Signal::SIGTERM);
    server.wait();
    let server = Server::start_with(&site, {
        let mut command = command(&["-f", conf]);
        command.env("LC_ALL", "C.UTF-8");
        command
    });
    let ours = ask(case, &site, &server);
    server.stop();
    Both { theirs, ours }
}

fn ask(case: &Case, site: &Site, server: &Server) -> Vec<Answer> {
    let ask = |question: &case::Question| {
        let mut connection = Connection::over(
            std::net::TcpStream::connect(server.address()).unwrap_or_else(|error| panic!("{}: {error}", question.text)),
        );
        connection.write(&question.bytes(site.port));
        // What is no answer by the rules of HTTP, as some of Apache's are, counts as none.
        catch_unwind(AssertUnwindSafe(|| connection.answer(&question.method))).unwrap_or_else(|_| Answer::none())
    };
    case.questions.iter().map(ask).collect()
}

fn copy(from: &Path, site: &Site) {
    for entry in fs::read_dir(from).expect("the site is there") {
        let path = entry.expect("readable").path();
        let name = path.file_name().expect("it has a name").to_string_lossy().into_owned();
        if path.is_dir() {
            for entry in fs::read_dir(&path).expect("it is there") {
                let file = entry.expect("readable").path();
                let below = file.file_name().expect("it has a name").to_string_lossy().into_owned();
                site.file(&format!("{name}/{below}"), fs::read(&file).expect("a file"));
            }
        } else {
            site.file(&name, fs::read(&path).expect("a file"));
        }
    }
    wait_until("the site is there", || site.path("app.wsgi").exists());
}
