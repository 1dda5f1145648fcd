//! Plays the parent and the front of one daemon process: starts a `python` with our boot text and speaks the wire with it.

use std::collections::HashSet;
use std::fs::File;
use std::io::{Read, Write};
use std::ops::RangeInclusive;
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Once};
use std::time::{Duration, Instant};

use wsgi_httpd::plan::interpreters::Interpreters;
use wsgi_httpd::plan::limits::{Confinement, Limits, Timers, Waits};
use wsgi_httpd::plan::log::LogLevel;
use wsgi_httpd::plan::{Place, Preload, ProcessGroup};
use wsgi_httpd::runtime::boot::Boot;
use wsgi_httpd::runtime::exchange::{Call, Head, Target};
use wsgi_httpd::runtime::handoff::{Control, DaemonWork, Order, Report, Work};
use wsgi_httpd::runtime::pairs::Pairs;
use wsgi_httpd::runtime::wire::{self, COMPLETE, Frame, HEADER, Kind};

/// Nothing here takes longer.
pub(crate) const LONG: Duration = Duration::from_mins(1);

/// Versions that are looked for.
const MINORS: RangeInclusive<u32> = 9..=19;

/// Every `CPython` from 3.9 on that is found: pyenv's, PATH's, Debian's.
pub(crate) fn pythons() -> Vec<PathBuf> {
    let mut found = Vec::new();
    let root =
        std::env::var("PYENV_ROOT").unwrap_or_else(|_| format!("{}/.pyenv", std::env::var("HOME").unwrap_or_default()));
    let pattern = format!("{root}/versions/*/bin/python3");
    found.extend(glob::glob(&pattern).expect("a pattern").flatten());
    let path = std::env::var_os("PATH").unwrap_or_default();
    for folder in std::env::split_paths(&path) {
        found.extend(MINORS.map(|minor| folder.join(format!("python3.{minor}"))).filter(|file| file.is_file()));
    }
    found.push(PathBuf::from("/usr/bin/python3"));
    let mut seen = HashSet::new();
    found.retain(|python| {
        let Some((version, executable)) = describe(python) else { return false };
        MINORS.contains(&version) && seen.insert(executable)
    });
    assert!(!found.is_empty(), "no CPython from 3.9 on is here");
    found
}

/// The minor version of a Python 3, and the file that it really is.
pub(crate) fn describe(python: &Path) -> Option<(u32, String)> {
    let text = "import sys, os; print(sys.version_info[1]); print(os.path.realpath(sys.executable))";
    let answer = Command::new(python).args(["-I", "-c", text]).stderr(Stdio::null()).output().ok()?;
    let lines = String::from_utf8(answer.stdout).ok()?;
    let (minor, executable) = lines.split_once('\n')?;
    Some((minor.parse().ok()?, executable.to_owned()))
}

/// The minor version of a Python 3.
pub(crate) fn minor(python: &Path) -> u32 {
    describe(python).expect("it ran before").0
}

/// The library, built once.
fn library() -> PathBuf {
    static BUILT: Once = Once::new();
    let program = std::env::current_exe().expect("a test has a file");
    let profile = program.parent().and_then(Path::parent).expect("a test lies in target/<profile>/deps");
    BUILT.call_once(|| {
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--quiet", "-p", "wsgi-python"]).current_dir(env!("CARGO_MANIFEST_DIR"));
        if !cfg!(debug_assertions) {
            cargo.arg("--release");
        }
        let status = cargo.status().expect("cargo can be started");
        assert!(
            status.success(),
            "libwsgi_python.so does not build: see `cargo build -p wsgi-python`, or run `make test`"
        );
    });
    profile.join("libwsgi_python.so")
}

/// The folder of the test scripts.
pub(crate) fn scripts() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway")
}

/// What a daemon process is started with.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) python: PathBuf,
    pub(crate) threads: u32,
    pub(crate) maximum_requests: Option<u64>,
    pub(crate) own_gil: bool,
    pub(crate) preload: Vec<Preload>,
    pub(crate) home: Option<PathBuf>,
    pub(crate) python_path: Vec<PathBuf>,
    pub(crate) environment: Vec<(&'static str, String)>,
}

impl Setup {
    pub(crate) fn new(python: &Path) -> Self {
        Self {
            python: python.to_owned(),
            threads: 1,
            maximum_requests: None,
            own_gil: false,
            preload: Vec::new(),
            home: None,
            python_path: Vec::new(),
            environment: Vec::new(),
        }
    }

    pub(crate) fn start(&self) -> Daemon {
        let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
        let library = File::open(library()).expect("the library is built");
        rustix::io::fcntl_setfd(&library, rustix::io::FdFlags::empty()).expect("the library is inherited");
        let log = tempfile::NamedTempFile::new().expect("a file for the log");
        let boot = Boot { library: library.as_raw_fd(), copy: None, origin: "the test", free_threading: false };
        let child = Command::new(&self.python)
            .arg("-c")
            .arg(boot.text())
            .envs(self.environment.iter().cloned())
            .stdin(OwnedFd::from(theirs))
            .stdout(log.reopen().expect("the log"))
            .stderr(log.reopen().expect("the log"))
            .spawn()
            .expect("python can be started");
        let control = Control::new(ours);
        let (threads, descriptors) = connections(self.threads);
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        let work = Work::Daemon(Box::new(self.work()));
        control.send(&work, &descriptors).expect("the process takes its work");
        let mut daemon = Daemon { child, control, threads, log, python: self.python.clone() };
        match daemon.report() {
            Some(Report::Ready { python: Some(_) }) => daemon,
            other => panic!("{}: not ready but {other:?}\n{}", self.python.display(), daemon.log()),
        }
    }

    fn work(&self) -> DaemonWork {
        let place = Place { file: "httpd.conf".into(), line: 1 };
        let group = ProcessGroup {
            name: "shop".to_owned(),
            host: 0,
            user: None,
            group: None,
            processes: 1,
            multiprocess: false,
            threads: self.threads,
            home: self.home.clone(),
            python_home: None,
            python_path: self.python_path.clone(),
            display_name: None,
            lang: None,
            locale: None,
            umask: None,
            maximum_requests: self.maximum_requests,
            timers: Timers { shutdown: Some(5), ..Timers::default() },
            waits: Waits::default(),
            limits: Limits::default(),
            confinement: Confinement::default(),
            python_eggs: None,
            switch_interval_us: None,
            server_metrics: false,
            place,
        };
        DaemonWork {
            group,
            preload: self.preload.clone(),
            connections: 1,
            level: LogLevel::Info,
            interpreters: Interpreters { own_gil: self.own_gil, ..Interpreters::default() },
            telemetry: None,
            scoreboard: None,
        }
    }
}

fn connections(count: u32) -> (Vec<Thread>, Vec<UnixStream>) {
    (0..count)
        .map(|_| {
            let (ours, theirs) = UnixStream::pair().expect("a pair of sockets");
            ours.set_read_timeout(Some(LONG)).expect("a timeout");
            (Thread { stream: ours, targets: Vec::new() }, theirs)
        })
        .unzip()
}

/// A daemon process that runs; dropping it ends it.
pub(crate) struct Daemon {
    child: Child,
    control: Control,
    pub(crate) threads: Vec<Thread>,
    log: tempfile::NamedTempFile,
    python: PathBuf,
}

impl Daemon {
    /// The first thread's connection.
    pub(crate) fn thread(&mut self) -> &mut Thread {
        &mut self.threads[0]
    }

    /// What the process says next; `None` when it has gone.
    pub(crate) fn report(&mut self) -> Option<Report> {
        self.control.receive().expect("a report").map(|(report, _)| report)
    }

    /// All lines of the error log so far.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.log.path()).expect("the log")
    }

    /// Waits until the log has a text.
    pub(crate) fn wait_for_log(&self, text: &str) {
        let end = Instant::now() + LONG;
        while !self.log().contains(text) {
            assert!(Instant::now() < end, "{}: no '{text}' in the log:\n{}", self.python.display(), self.log());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends new connections, as for a new front.
    pub(crate) fn reconnect(&mut self) {
        let (threads, descriptors) = connections(self.threads.len() as u32);
        let descriptors: Vec<_> = descriptors.iter().map(AsFd::as_fd).collect();
        let order = Order::Connections { group: 0, pid: self.child.id(), bell: false };
        self.control.send(&order, &descriptors).expect("the process takes its connections");
        self.threads = threads;
    }

    /// Tells the process to leave.
    pub(crate) fn stop(&self, within: f64) {
        self.control.send(&Order::Stop { within }, &[]).expect("the process takes orders");
    }

    /// Closes the parent's end.
    pub(crate) fn abandon(&mut self) {
        let (nobody, _) = UnixStream::pair().expect("a pair of sockets");
        self.control = Control::new(nobody);
    }

    /// Waits for the end of the process.
    pub(crate) fn wait(&mut self) -> ExitStatus {
        let end = Instant::now() + LONG;
        loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                return status;
            }
            assert!(Instant::now() < end, "{}: it does not end:\n{}", self.python.display(), self.log());
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Stops it, and wants it to end as it should, with nothing said on the way.
    pub(crate) fn end_clean(mut self) {
        for thread in &mut self.threads {
            // What came before has been said when the next request is answered.
            thread.get("hello.wsgi", "/");
        }
        let before = self.log();
        self.stop(30.0);
        let status = self.wait();
        let log = self.log();
        assert!(status.success(), "{}: {status}\n{log}", self.python.display());
        assert_eq!(before, log, "{}: something was said at the end", self.python.display());
    }
}

impl Drop for Daemon {
    #[allow(clippy::print_stderr)]
    fn drop(&mut self) {
        if std::thread::panicking() {
            // With the test's own output.
            #[allow(clippy::print_stderr)]
            let () = eprintln!("{}:\n{}", self.python.display(), self.log());
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One request.
#[derive(Clone)]
pub(crate) struct Request {
    pub(crate) target: Target,
    pub(crate) environ: Vec<(String, Vec<u8>)>,
    /// Comes with the request.
    pub(crate) body: Vec<u8>,
    /// Comes when it is asked for.
    pub(crate) rest: Vec<Vec<u8>>,
    /// How the body ends, when not as it should.
    pub(crate) failure: Option<u8>,
}

impl Request {
    pub(crate) fn get(script: &str, path: &str) -> Self {
        Self::of(scripts().join(script).to_str().expect("UTF-8"), path)
    }

    pub(crate) fn of(script: &str, path: &str) -> Self {
        let mut constant = Pairs::default();
        constant.push("SERVER_SOFTWARE", "wsgi-httpd");
        constant.push("SERVER_NAME", "localhost");
        constant.push("SERVER_PORT", "80");
        let target = Target {
            script: script.as_bytes().to_vec(),
            process_group: "shop".to_owned(),
            application_group: String::new(),
            callable_object: "application".to_owned(),
            script_reloading: true,
            ignores_activity: false,
            multithread: false,
            multiprocess: false,
            environ: constant,
        };
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let request = Self { target, environ: Vec::new(), body: Vec::new(), rest: Vec::new(), failure: None };
        request
            .with("REQUEST_METHOD", "GET")
            .with("SCRIPT_NAME", "")
            .with("PATH_INFO", path)
            .with("QUERY_STRING", query)
            .with("SERVER_PROTOCOL", "HTTP/1.1")
            .with("REMOTE_ADDR", "192.0.2.7")
            .with("REMOTE_PORT", "4711")
            .with("HTTP_HOST", "localhost")
            .with("SCRIPT_FILENAME", script)
    }

    pub(crate) fn with(mut self, name: &str, value: impl AsRef<[u8]>) -> Self {
        self.environ.retain(|pair| pair.0 != name);
        self.environ.push((name.to_owned(), value.as_ref().to_vec()));
        self
    }

    pub(crate) fn in_group(mut self, application_group: &str) -> Self {
        application_group.clone_into(&mut self.target.application_group);
        self
    }

    pub(crate) fn post(self, body: &[u8]) -> Self {
        let length = body.len().to_string();
        let mut request = self.with("REQUEST_METHOD", "POST").with("CONTENT_LENGTH", length);
        request.body = body.to_vec();
        request
    }
}

/// An answer as a front sees it.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) head: Option<Head>,
    pub(crate) body: Vec<u8>,
    /// The sizes of the blocks in which the body came.
    pub(crate) blocks: Vec<usize>,
    pub(crate) end: End,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    Whole,
    /// The status of `Failed`.
    Failed(u16),
    Again,
}

impl Answer {
    pub(crate) fn status(&self) -> u16 {
        self.head.as_ref().map_or(0, |head| head.status)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).expect("UTF-8")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let head = self.head.as_ref()?;
        head.headers
            .iter()
            .find(|pair| pair.0.eq_ignore_ascii_case(name.as_bytes()))
            .map(|pair| std::str::from_utf8(pair.1).expect("UTF-8"))
    }
}

/// The front's end of the connection to one thread.
pub(crate) struct Thread {
    pub(crate) stream: UnixStream,
    targets: Vec<Target>,
}

impl Thread {
    /// Sends a request and takes the answer.
    pub(crate) fn ask(&mut self, request: &Request) -> Answer {
        self.send(request);
        self.answer(request)
    }

    pub(crate) fn get(&mut self, script: &str, path: &str) -> Answer {
        self.ask(&Request::get(script, path))
    }

    /// Sends a request.
    pub(crate) fn send(&mut self, request: &Request) {
        let mut out = Vec::new();
        let known = self.targets.iter().position(|target| *target == request.target);
        let number = known.unwrap_or_else(|| {
            self.targets.push(request.target.clone());
            wire::put_target(&mut out, self.targets.len() as u32 - 1, &request.target);
            self.targets.len() - 1
        });
        let mut environ = Pairs::default();
        for (name, value) in &request.environ {
            environ.push(name, value);
        }
        let call = Call {
            target: Arc::new(request.target.clone()),
            environ,
            https: false,
            request_start: 1_700_000_000_000_000,
            batch: 0,
            queue_start: 1_700_000_000_000_001,
        };
        let follows = !request.rest.is_empty() || request.failure.is_some();
        wire::put_request(&mut out, number as u32, &call, &request.body, follows);
        self.stream.write_all(&out).expect("the thread takes a request");
    }

    /// Takes the answer of a request; its body is sent meanwhile, when it is asked for.
    pub(crate) fn answer(&mut self, request: &Request) -> Answer {
        let mut answer = Answer { head: None, body: Vec::new(), blocks: Vec::new(), end: End::Whole };
        let mut sender = None;
        loop {
            let (frame, payload) = self.frame().expect("the answer ends before the connection");
            match frame.kind {
                Kind::Continue => {
                    let stream = self.stream.try_clone().expect("a descriptor");
                    let (rest, failure) = (request.rest.clone(), request.failure);
                    sender = Some(std::thread::spawn(move || send_body(stream, &rest, failure)));
                    continue;
                }
                Kind::Head => {
                    let (head, start) = wire::parse_head(&payload).expect("a head");
                    answer.head = Some(head);
                    answer.take(&payload[start..]);
                    if frame.flags & COMPLETE == 0 {
                        continue;
                    }
                }
                Kind::Body => {
                    answer.take(&payload);
                    continue;
                }
                Kind::End => {}
                Kind::Failed => answer.end = End::Failed(u16::from_le_bytes([payload[0], payload[1]])),
                Kind::Again => answer.end = End::Again,
                other => panic!("{other:?} from a thread"),
            }
            if let Some(sender) = sender {
                sender.join().expect("the body is sent");
            }
            return answer;
        }
    }

    /// The next frame; `None` at the end of the connection.
    pub(crate) fn frame(&mut self) -> Option<(Frame, Vec<u8>)> {
        let mut header = [0; HEADER];
        self.stream.read_exact(&mut header).ok()?;
        let frame = Frame::parse(header).expect("a frame");
        let mut payload = vec![0; frame.length];
        self.stream.read_exact(&mut payload).expect("a payload");
        Some((frame, payload))
    }
}

impl Answer {
    fn take(&mut self, block: &[u8]) {
        if !block.is_empty() {
            self.blocks.push(block.len());
            self.body.extend_from_slice(block);
        }
    }
}

fn send_body(mut stream: UnixStream, rest: &[Vec<u8>], failure: Option<u8>) {
    let mut out = Vec::new();
    for block in rest {
        out.clear();
        wire::put_body(&mut out, block);
        stream.write_all(&out).expect("the thread takes a body");
    }
    out.clear();
    match failure {
        Some(code) => wire::put(&mut out, Kind::BodyFailed, 0, &[&[code]]),
        None => wire::put(&mut out, Kind::BodyEnd, 0, &[]),
    }
    stream.write_all(&out).expect("the thread takes the end of a body");
}
