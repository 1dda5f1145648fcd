//! Descriptors: as many as the threads of process groups need, and what happens when there are none left.

use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::support::{Connection, Request, Server, Site, alive, command, descendants, run, tests_apache, wait_until};

const APP: &str = r#"
import os, resource, threading
everybody = threading.Barrier(300)
def application(environ, start_response):
    text = str(os.getpid())
    if environ["PATH_INFO"] == "/together":
        everybody.wait(60)
    if environ["PATH_INFO"] == "/limits":
        text = str(resource.getrlimit(resource.RLIMIT_NOFILE)[0])
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [text.encode()]
"#;

fn configure(site: &Site, options: &str) {
    site.configure(&format!(
        "WSGIDaemonProcess app {options} python-home=${{VENV}}\n\
         WSGIScriptAlias / ${{DIR}}/app.wsgi process-group=app application-group=%{{GLOBAL}}\n\
         <Directory ${{DIR}}>\n    Require all granted\n</Directory>\n"
    ));
}

/// `wsgi-serve` under a limit of descriptors: what `ulimit` is told.
fn limited(site: &Site, limit: &str) -> Command {
    let server = command(&["-f", site.path("httpd.conf").to_str().expect("our own path")]);
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(format!("ulimit {limit} && exec \"$0\" \"$@\""));
    shell.arg(server.get_program()).args(server.get_args());
    shell.envs(server.get_envs().filter_map(|(name, value)| Some((name, value?))));
    shell
}

/// One message between parent and process takes 253 descriptors.
#[test]
fn a_process_of_three_hundred_threads() {
    for limit in ["-n 2000", "-Sn 256"] {
        let site = Site::with_app(APP);
        configure(&site, "threads=300");
        let server = Server::start_with(&site, limited(&site, limit));
        let mut all: Vec<Connection> = (0..300)
            .map(|_| {
                let mut connection = server.connect();
                connection.write(&Request::get("/together").bytes());
                connection
            })
            .collect();
        assert!(all.iter_mut().all(|connection| connection.answer("GET").status == 200), "{limit}: all at once");
        server.stop();
    }
}

#[test]
fn more_threads_than_descriptors() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    configure(&site, "processes=2 threads=400");
    let output = run(limited(&site, "-n 1024"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(2), "{words}");
    let line = site.read("httpd.conf").lines().position(|line| line.starts_with("WSGIDaemonProcess")).unwrap() + 1;
    for text in [&format!("httpd.conf:{line}: "), "1264 descriptors", "allows 1024", "LimitNOFILE="] {
        assert!(words.contains(text), "{text}: {words}");
    }
}

/// The server takes all that it may have; an application, which may call `select()`, gets what the server was started with.
#[test]
fn an_application_has_the_limit_that_was_set() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    configure(&site, "threads=2");
    let server = Server::start_with(&site, limited(&site, "-Sn 700"));
    assert_eq!(server.text("/limits"), "700");
    server.stop();
}

/// Clients for whom there is no descriptor wait, nobody spins, and a process that dies meanwhile is replaced.
#[test]
fn clients_beyond_the_limit_wait() {
    if tests_apache() {
        return;
    }
    let site = Site::with_app(APP);
    configure(&site, "threads=2");
    let server = Server::start_with(&site, limited(&site, "-n 100"));
    let process: u32 = server.text("/").parse().expect("a process id");
    let front = descendants(server.pid()).into_iter().find(|pid| *pid != process).expect("a front");
    let held: Vec<_> = (0..60).map(|_| server.connect()).collect();
    server.logged("connections are not accepted for now: as many are open as its descriptors (RLIMIT_NOFILE) allow");
    let mut waiting = server.connect();
    waiting.write(&Request::get("/").bytes());
    kill(Pid::from_raw(process as i32), Signal::SIGKILL).expect("the process is there");
    let before = processor_time(front);
    wait_until("the process is replaced", || {
        !alive(process) && descendants(server.pid()).iter().any(|pid| *pid != front)
    });
    std::thread::sleep(std::time::Duration::from_secs(1));
    assert!(processor_time(front) - before < 50, "the front is busy with waiting");
    drop(held);
    assert_ne!(waiting.answer("GET").text(), process.to_string());
    assert_eq!(server.error_log().matches("connections are not accepted").count(), 1, "said once");
    server.stop();
}

/// Of a process, in hundredths of a second.
fn processor_time(pid: u32) -> u64 {
    let text = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it runs");
    let fields: Vec<&str> = text[text.rfind(')').expect("its name") + 2..].split(' ').collect();
    fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
}
