//! A folder with scripts and a configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use super::pythons::{Python, default_python};
use super::server::{Server, free_port};

/// Where the application runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mode {
    /// In the server's own process.
    Embedded,
    /// In a daemon process of one process and three threads.
    Daemon,
}

impl Mode {
    /// Both modes, for tests of what must be the same in each.
    pub(crate) const BOTH: [Self; 2] = [Self::Embedded, Self::Daemon];

    pub(crate) fn directives(self) -> &'static str {
        match self {
            Self::Embedded => "ServerLimit 1\nWSGIPythonHome \"${VENV}\"\n",
            Self::Daemon => "WSGIDaemonProcess app threads=3 python-home=\"${VENV}\"\nWSGIProcessGroup app\n",
        }
    }
}

/// A folder that every account can read, and a free port. Configurations name them `${DIR}` and `${PORT}`, and a virtual
/// environment of the default Python `${VENV}`.
pub(crate) struct Site {
    folder: tempfile::TempDir,
    venv: PathBuf,
    pub(crate) port: u16,
}

const MOUNT: &str = "\
WSGIScriptAlias / \"${DIR}/app.wsgi\"
<Directory \"${DIR}\">
    Require all granted
</Directory>
";

impl Site {
    pub(crate) fn new() -> Self {
        Self::under(default_python())
    }

    /// `${VENV}` is one of this Python.
    pub(crate) fn under(python: &Python) -> Self {
        let folder = tempfile::Builder::new().prefix("wsgi-httpd-").tempdir().expect("a temporary folder");
        fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o755)).expect("our own folder");
        Self { folder, venv: python.venv(), port: free_port() }
    }

    /// A site with one script, `app.wsgi`.
    pub(crate) fn with_app(code: &str) -> Self {
        let site = Self::new();
        site.file("app.wsgi", code);
        site
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and the folders above it.
    pub(crate) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("below our folder")).expect("our own folder");
        fs::write(&path, content).expect("our own folder");
        path
    }

    /// Replaces a script in one step, with a time of modification that differs for certain.
    pub(crate) fn replace(&self, name: &str, content: &str) {
        let draft = self.file(&format!("{name}.draft"), content);
        let old = fs::metadata(self.path(name)).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH);
        let time = SystemTime::now().max(old + Duration::from_secs(1));
        fs::File::options().append(true).open(&draft).and_then(|file| file.set_modified(time)).expect("our own file");
        fs::rename(draft, self.path(name)).expect("our own folder");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read(self.path(name)).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// Writes `httpd.conf`: where to listen and log, then the directives.
    pub(crate) fn configure(&self, directives: &str) -> PathBuf {
        let prologue = format!(
            "Define DIR {}\nDefine PORT {}\nDefine VENV {}\n\
             ServerRoot \"${{DIR}}\"\nServerName localhost\nListen 127.0.0.1:${{PORT}}\n\
             PidFile \"${{DIR}}/httpd.pid\"\nErrorLog \"${{DIR}}/error.log\"\nLogLevel info\n",
            self.folder.path().display(),
            self.port,
            self.venv.display(),
        );
        self.file("httpd.conf", prologue + directives)
    }

    /// Starts a server with these directives.
    pub(crate) fn start(&self, directives: &str) -> Server<'_> {
        let conf = self.configure(directives);
        Server::start(self, &["-f", conf.to_str().expect("our own path")])
    }

    /// Starts a server with further directives, then `app.wsgi` at `/`.
    pub(crate) fn serve(&self, mode: Mode, directives: &str) -> Server<'_> {
        self.start(&format!("{}{directives}{MOUNT}", mode.directives()))
    }

    /// The folder itself.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }
}
