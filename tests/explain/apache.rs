//! A real Apache with one configuration: started, asked, stopped by its own process id.

use std::fs::{self, File};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use wsgi_httpd::compiler::source::Disk;
use wsgi_httpd::compiler::{Options, decide};

use crate::ask::Question;
use crate::http::{Answer, Connection, Request};
use crate::site::Site;

const PROGRAMS: [&str; 3] = ["/usr/sbin/apache2", "/usr/sbin/httpd", "/usr/local/apache2/bin/httpd"];
const MODULES: [&str; 4] =
    ["/usr/lib/apache2/modules", "/usr/lib64/httpd/modules", "/usr/lib/httpd/modules", "/usr/local/apache2/modules"];

/// What every configuration loads. A module that is built in has no file.
const LOADED: [&str; 20] = [
    "mpm_event",
    "authn_core",
    "authz_core",
    "authz_host",
    "authz_user",
    "auth_basic",
    "authn_file",
    "access_compat",
    "alias",
    "dir",
    "mime",
    "env",
    "setenvif",
    "headers",
    "autoindex",
    "negotiation",
    "rewrite",
    "proxy",
    "proxy_http",
    "wsgi",
];

const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) struct Apache<'a> {
    site: &'a Site,
    child: Child,
    ports: [u16; 2],
    configuration: PathBuf,
}

fn program() -> Option<&'static str> {
    PROGRAMS.into_iter().find(|path| Path::new(path).exists())
}

fn modules() -> Option<&'static str> {
    MODULES.into_iter().find(|path| Path::new(path).join("mod_wsgi.so").exists())
}

fn free_ports() -> [u16; 2] {
    let bound = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).expect("a port is free"));
    bound.map(|listener| listener.local_addr().expect("it is bound").port())
}

impl<'a> Apache<'a> {
    pub(crate) fn is_here() -> bool {
        program().is_some() && modules().is_some()
    }

    pub(crate) fn start(site: &'a Site, text: &str) -> Self {
        let folder = modules().expect("asked before");
        let load = LOADED.iter().filter(|name| Path::new(folder).join(format!("mod_{name}.so")).exists());
        let load: Vec<_> = load.map(|name| format!("LoadModule {name}_module {folder}/mod_{name}.so\n")).collect();
        let load = load.concat();
        site.write(
            "base.conf",
            &format!(
                "{load}PidFile ${{ROOT}}/httpd.${{PORT}}.pid\nErrorLog ${{ROOT}}/error.log\nDefaultRuntimeDir ${{ROOT}}\nMutex pthread\n\
                 WSGISocketPrefix ${{ROOT}}/wsgi\nTypesConfig /dev/null\nTimeout 20\nStartServers 1\nMinSpareThreads 2\nMaxSpareThreads 8\n\
                 ThreadsPerChild 4\nMaxRequestWorkers 8\nUser nobody\nGroup nogroup\nHeader onsuccess unset X-None\n",
            ),
        );
        let configuration = site.write("httpd.conf", text);
        fs::write(site.path("error.log"), "").expect("our own folder");
        let ports = free_ports();
        let output = File::create(site.path("output.log")).expect("our own folder");
        let mut command = Command::new(program().expect("asked before"));
        command.arg("-f").arg(&configuration).args(["-D", "FOREGROUND"]).stdin(Stdio::null());
        command.stdout(output.try_clone().expect("a descriptor")).stderr(output);
        let child = command.envs(variables(site, ports)).spawn().expect("Apache can be executed");
        let mut apache = Self { site, child, ports, configuration };
        apache.wait_until_it_listens();
        apache
    }

    fn wait_until_it_listens(&mut self) {
        let begin = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.ports[0])).is_err() {
            let ended = self.child.try_wait().expect("our own child");
            assert!(ended.is_none() && begin.elapsed() < PATIENCE, "Apache does not start:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    fn logs(&self) -> String {
        ["output.log", "error.log"].map(|name| fs::read_to_string(self.site.path(name)).unwrap_or_default()).join("")
    }

    pub(crate) fn stop(&self) {
        kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).expect("our own child");
    }

    pub(crate) fn wait(mut self) {
        let begin = Instant::now();
        while self.child.try_wait().expect("our own child").is_none() {
            assert!(begin.elapsed() < PATIENCE, "Apache does not stop:\n{}", self.logs());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Asks both, and says how they differ.
    pub(crate) fn compare(&self, question: &Question) -> Result<(), String> {
        let said = self.explained(question);
        let certain = said["not_followed"].as_array().is_some_and(Vec::is_empty);
        if question.uncertain {
            return if certain { Err("it is certain of its answer".to_owned()) } else { Ok(()) };
        }
        if !certain {
            return Err(format!("something is not followed: {}", said["not_followed"]));
        }
        let outcome = &said["outcome"];
        if outcome["by"] == "nobody" {
            let refused = TcpStream::connect(("127.0.0.1", self.port(question))).is_err();
            return if refused { Ok(()) } else { Err("somebody listens".to_owned()) };
        }
        let answer = self.answer(question);
        let expected = outcome["status"].as_u64().unwrap_or(200);
        if u64::from(answer.status) != expected {
            let log = self.logs();
            let last = log.lines().last().unwrap_or_default();
            return Err(format!("Apache answers {}, explain says {outcome}\n    {last}", answer.status));
        }
        let difference = Self::body_differs(question, &said, &answer).or_else(|| marks_differ(&said, &answer));
        difference.map_or(Ok(()), Err)
    }

    fn port(&self, question: &Question) -> u16 {
        self.ports[usize::from(question.second)]
    }

    fn host(&self, question: &Question) -> String {
        let port = self.port(question).to_string();
        question.host.as_ref().map_or_else(|| format!("127.0.0.1:{port}"), |host| host.replace("PORT", &port))
    }

    fn explained(&self, question: &Question) -> Value {
        let url = format!("http://127.0.0.1:{}{}", self.port(question), question.path);
        let mut asked = decide::Request::new(&url).expect("a URL");
        let address = |text: &Option<String>| text.as_deref().unwrap_or("127.0.0.1").parse().expect("an address");
        asked.method.clone_from(&question.method);
        (asked.from, asked.to) = (address(&question.from), Some(address(&question.to)));
        asked.add_header(&format!("Host: {}", self.host(question))).expect("a field");
        for (name, value) in &question.headers {
            asked.add_header(&format!("{name}: {value}")).expect("a field");
        }
        let environment = variables(self.site, self.ports);
        let options = Options { environment: environment.into_iter().collect(), ..Options::default() };
        let decided = wsgi_httpd::compiler::decide(&Disk, &self.configuration, &options, &asked);
        let (decision, _) = decided.expect("the configuration is there");
        serde_json::to_value(&decision).expect("a decision can be written")
    }

    fn answer(&self, question: &Question) -> Answer {
        let to: std::net::IpAddr = question.to.as_deref().unwrap_or("127.0.0.1").parse().expect("an address");
        let from: std::net::IpAddr = question.from.as_deref().unwrap_or("127.0.0.1").parse().expect("an address");
        let mut request = Request::new(&question.method, &question.path).header("Host", &self.host(question));
        for (name, value) in &question.headers {
            request = request.header(name, value);
        }
        let stream = connect(from, SocketAddr::new(to, self.port(question)));
        Connection::over(stream).exchange(&request)
    }

    fn body_differs(question: &Question, said: &Value, answer: &Answer) -> Option<String> {
        let outcome = &said["outcome"];
        let headless = matches!(question.method.as_str(), "HEAD" | "OPTIONS");
        match outcome["by"].as_str().unwrap_or_default() {
            "application" if !headless => application_differs(&said["application"], answer),
            "file" if !headless => {
                let file = said["file"].as_str().unwrap_or_default();
                let expected = fs::read(file).unwrap_or_default();
                (answer.body != expected).then(|| format!("Apache does not send {file}: {}", answer.text()))
            }
            "listing" => (!answer.text().contains("Index of")).then(|| "it is no list".to_owned()),
            "redirect" => {
                let location = answer.header("Location").unwrap_or_default();
                (outcome["location"] != location)
                    .then(|| format!("Apache redirects to {location}, explain says {outcome}"))
            }
            _ => None,
        }
    }
}

impl Drop for Apache<'_> {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            // After a failure: a second signal does no harm.
            kill(Pid::from_raw(self.child.id().cast_signed()), Signal::SIGTERM).ok();
            self.child.wait().ok();
        }
    }
}

fn variables(site: &Site, ports: [u16; 2]) -> [(String, String); 3] {
    let root = site.path("").to_string_lossy().trim_end_matches('/').to_owned();
    let [port, second] = ports.map(|port| port.to_string());
    [("ROOT", root), ("PORT", port), ("PORT2", second)].map(|(name, value)| (name.to_owned(), value))
}

/// What the application saw, compared with what it was said to see.
fn application_differs(said: &Value, answer: &Answer) -> Option<String> {
    let Ok(seen) = serde_json::from_slice::<Value>(&answer.body) else {
        return Some(format!("no application answers: {}", answer.text()));
    };
    let pairs = [
        ("script_name", "SCRIPT_NAME"),
        ("path_info", "PATH_INFO"),
        ("script", "SCRIPT_FILENAME"),
        ("process_group", "mod_wsgi.process_group"),
        ("application_group", "mod_wsgi.application_group"),
        ("callable_object", "callable"),
    ];
    let differs =
        |(ours, theirs): &(&str, &str)| said[*ours].as_str() != seen[*theirs].as_str().map(as_text).as_deref();
    let (ours, theirs) = pairs.into_iter().find(differs)?;
    Some(format!("{theirs} is {}, explain says {}", seen[theirs], said[ours]))
}

/// PEP 3333's strings hold bytes.
fn as_text(native: &str) -> String {
    let bytes: Vec<u8> = native.chars().map(|character| character as u8).collect();
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Virtual hosts and sections may leave marks in the answer: `Header always set X-Host N`, `Header always append X-Sections NAME`.
fn marks_differ(said: &Value, answer: &Answer) -> Option<String> {
    if let Some(host) = answer.header("X-Host") {
        let index = said["virtual_host"]["index"].to_string();
        if host != index {
            return Some(format!("the virtual host {host} answers, explain says {index}"));
        }
    }
    let seen = answer.all("X-Sections").join(", ");
    if seen.is_empty() {
        return None;
    }
    let sections = said["sections"].as_array().into_iter().flatten();
    let settings = sections.flat_map(|section| section["sets"].as_array().into_iter().flatten());
    let marks =
        settings.filter_map(|setting| setting["directive"].as_str()?.strip_prefix("Header always append X-Sections "));
    let marks = marks.collect::<Vec<_>>().join(", ");
    (marks != seen).then(|| format!("the sections {seen} hold, explain says {marks}"))
}

/// A connection from an address of ours.
fn connect(from: std::net::IpAddr, to: SocketAddr) -> TcpStream {
    use rustix::net::{AddressFamily, SocketType, bind, connect, socket};
    let family = if to.is_ipv4() { AddressFamily::INET } else { AddressFamily::INET6 };
    let socket = socket(family, SocketType::STREAM, None).expect("a descriptor");
    bind(&socket, &SocketAddr::new(from, 0)).expect("an address of this machine");
    connect(&socket, &to).expect("Apache listens");
    TcpStream::from(socket)
}
