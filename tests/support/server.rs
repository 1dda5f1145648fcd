//! `wsgi-serve` as a process: started, watched, stopped.
//!
//! `WSGI_SERVE=/path` tests another program instead, such as a script that starts Apache with the same flags; that is how
//! the expectations of these tests were compared with Apache and mod_wsgi. `WSGI_SERVE_PYTHON=/path` is the Python that it
//! was built for.

use std::env;
use std::fs::File;
use std::io::{Read, Seek};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Once};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::http::{Answer, Connection, Request};
use super::process::{alive, descendants, wait_until};
use super::pythons::default_python;
use super::site::Site;

/// A server that is up. Stopped by [`Server::stop`], which insists on a clean end; dropped, it is killed.
pub(crate) struct Server<'a> {
    site: &'a Site,
    child: Child,
    address: SocketAddr,
    stopped: bool,
}

impl<'a> Server<'a> {
    /// Starts `wsgi-serve` with flags, and waits until it takes connections.
    pub(crate) fn start(site: &'a Site, flags: &[&str]) -> Self {
        Self::start_with(site, command(flags))
    }

    /// Starts a command made by [`command`].
    pub(crate) fn start_with(site: &'a Site, mut command: Command) -> Self {
        let log = |name: &str| File::create(site.path(name)).expect("our own folder");
        let child = command
            .stdin(Stdio::null())
            .stdout(log("stdout.log"))
            .stderr(log("stderr.log"))
            .process_group(0)
            .spawn()
            .expect("wsgi-serve can be executed");
        let address = SocketAddr::from(([127, 0, 0, 1], site.port));
        let mut server = Self { site, child, address, stopped: false };
        wait_until("the server listens", || {
            if let Some(status) = server.child.try_wait().expect("our own child") {
                panic!("the server ended at once: {status}");
            }
            TcpStream::connect(address).is_ok()
        });
        server
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) fn connect(&self) -> Connection {
        Connection::open(self.address)
    }

    /// One request on a connection of its own.
    #[track_caller]
    pub(crate) fn send(&self, request: &Request) -> Answer {
        self.connect().exchange(request)
    }

    #[track_caller]
    pub(crate) fn get(&self, target: &str) -> Answer {
        self.send(&Request::get(target))
    }

    /// The body of a `200`.
    #[track_caller]
    pub(crate) fn text(&self, target: &str) -> String {
        let answer = self.get(target);
        assert_eq!(answer.status, 200, "GET {target}: {answer:?}");
        answer.text()
    }

    pub(crate) fn error_log(&self) -> String {
        self.site.read("error.log")
    }

    /// Waits until the error log holds a text.
    #[track_caller]
    pub(crate) fn logged(&self, text: &str) {
        wait_until(&format!("{text:?} in the error log"), || self.error_log().contains(text));
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.pid() as i32), signal).expect("our own child");
    }

    /// Waits for the end of a server that somebody else told to end.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let mut status = None;
        wait_until("the server ends", || {
            status = self.child.try_wait().expect("our own child");
            status.is_some()
        });
        self.stopped = true;
        status.expect("just seen")
    }

    /// Ends it by SIGTERM: exit status 0, and none of its processes is left.
    #[track_caller]
    pub(crate) fn stop(mut self) {
        let family = descendants(self.pid());
        self.signal(Signal::SIGTERM);
        let status = self.wait();
        assert!(status.success(), "exit status after SIGTERM: {status}");
        let left: Vec<u32> = family.into_iter().filter(|pid| alive(*pid)).collect();
        assert!(left.is_empty(), "processes that outlived the server: {left:?}");
    }
}

impl Drop for Server<'_> {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if !self.stopped {
            kill_all(self.pid());
            self.child.wait().ok();
        }
        if std::thread::panicking() {
            for name in ["httpd.conf", "stdout.log", "stderr.log", "error.log"] {
                eprintln!("---- {name}\n{}", self.site.read(name));
            }
        }
    }
}

/// `wsgi-serve` with flags, not started yet. As root, `--allow-root` is among them.
pub(crate) fn command(flags: &[&str]) -> Command {
    let mut command = Command::new(program("wsgi-serve"));
    if nix::unistd::geteuid().is_root() && !flags.contains(&"--no-allow-root") {
        command.arg("--allow-root");
    }
    command.args(flags.iter().filter(|flag| **flag != "--no-allow-root")).env("PATH", search_path());
    command
}

/// `wsgi-check` with arguments and variables, to its end.
#[track_caller]
pub(crate) fn check(arguments: &[&str], variables: &[(&str, String)]) -> Output {
    let variables = variables.iter().map(|(name, value)| (*name, value.as_str()));
    let mut command = Command::new(program("wsgi-check"));
    command.args(arguments).envs(variables);
    run(command)
}

/// Runs a command to its end, which must come by itself: one that goes on is ended, and the test fails.
#[track_caller]
pub(crate) fn run(mut command: Command) -> Output {
    // Files, not pipes: a server that was started in the background keeps what it inherited.
    let mut outputs =
        [tempfile::tempfile().expect("a temporary file"), tempfile::tempfile().expect("a temporary file")];
    let [stdout, stderr] = outputs.each_ref().map(|file| Stdio::from(file.try_clone().expect("a descriptor")));
    let mut child = command
        .stdin(Stdio::null())
        .stdout(stdout)
        .stderr(stderr)
        .process_group(0)
        .spawn()
        .expect("it can be executed");
    let begin = Instant::now();
    let status = loop {
        if let Some(status) = child.try_wait().expect("our own child") {
            break Some(status);
        }
        if begin.elapsed() > Duration::from_secs(20) {
            break None;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let mut read = outputs.each_mut().map(|file| {
        let mut bytes = Vec::new();
        file.rewind().and_then(|()| file.read_to_end(&mut bytes)).expect("our own file");
        bytes
    });
    let [stdout, stderr] = read.each_mut().map(std::mem::take);
    let Some(status) = status else {
        kill_all(child.id());
        child.wait().ok();
        panic!("{command:?} goes on and on\n{}{}", String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    };
    Output { status, stdout, stderr }
}

/// Kills a process and all below it.
fn kill_all(pid: u32) {
    let family = descendants(pid);
    for pid in family.into_iter().chain([pid]) {
        kill(Pid::from_raw(pid as i32), Signal::SIGKILL).ok();
    }
}

/// Whether another program stands in for `wsgi-serve`.
pub(crate) fn tests_apache() -> bool {
    env::var_os("WSGI_SERVE").is_some()
}

fn program(name: &str) -> PathBuf {
    if let Some(other) = env::var_os("WSGI_SERVE").filter(|_| name == "wsgi-serve") {
        return other.into();
    }
    static LIBRARY: Once = Once::new();
    LIBRARY.call_once(build_library);
    profile_folder().join(name)
}

/// `cargo test` builds the commands for this test, but not the library of the other package, which they load.
fn build_library() {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.args(["build", "--quiet", "--package", "wsgi-python"]).current_dir(env!("CARGO_MANIFEST_DIR"));
    if profile_folder().ends_with("release") {
        cargo.arg("--release");
    }
    assert!(cargo.status().is_ok_and(|status| status.success()), "cargo build --package wsgi-python fails");
}

/// `target/debug` or `target/release`: this program lies in `deps` below it.
pub(crate) fn profile_folder() -> &'static Path {
    static FOLDER: LazyLock<PathBuf> = LazyLock::new(|| {
        let program = env::current_exe().expect("Linux knows");
        program.ancestors().nth(2).expect("target/debug/deps/serve-…").to_owned()
    });
    &FOLDER
}

/// `target`.
pub(crate) fn target_folder() -> &'static Path {
    profile_folder().parent().expect("target/debug lies in target")
}

/// The default Python first: `python3` might be a wrapper that the environment of a test confuses.
fn search_path() -> String {
    let folder = default_python().venv().join("bin");
    format!("{}:/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", folder.display())
}

/// A port that nobody listens on, below those that the system gives to clients, and given to one test only.
pub(crate) fn free_port() -> u16 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    loop {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = 10_000 + ((std::process::id().wrapping_mul(131) + step) % 20_000) as u16;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}
