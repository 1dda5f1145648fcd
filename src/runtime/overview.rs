//! What runs, and what would run, on one screen.

use std::fmt::Write as _;
use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use super::parent::Started;
use crate::plan::{ApplicationGroup, Host, Listener, Mount, Plan, ProcessGroupName};

/// `wsgi-serve -S`: virtual hosts, mounts and groups.
#[must_use]
pub fn settings(plan: &Plan) -> String {
    let mut text = String::new();
    for listener in &plan.listeners {
        put(&mut text, format_args!("listen         {:32} {}", address(listener), listener.place));
    }
    for (index, host) in plan.hosts.iter().enumerate() {
        let what = if index == 0 { "main server" } else { "virtual host" };
        put(&mut text, format_args!("{what:14} {:32} {}", names(host), host.place));
        for alias in &host.aliases {
            put(&mut text, format_args!("  {:20} file {}  ({})", alias.url_path, alias.target, alias.place));
        }
        for mount in &host.mounts {
            put(&mut text, format_args!("  {:20} {}  ({})", mount.url_path, script(plan, host, mount), mount.place));
        }
        if let Some(root) = &host.document_root {
            put(&mut text, format_args!("  {:20} file {}", "/", root.display()));
        }
    }
    for group in &plan.process_groups {
        let python =
            group.python_home.as_ref().map_or("python3 on PATH".into(), |home| home.path.display().to_string());
        let size = format!("{} × {} threads", group.processes, group.threads);
        put(&mut text, format_args!("process group  {:16} {size:16} {python}  ({})", group.name, group.place));
    }
    if plan.embedded.needed && !plan.embedded.restricted {
        let embedded = &plan.embedded;
        put(&mut text, format_args!("embedded mode  {} × {} threads", embedded.processes, embedded.threads));
    }
    text
}

/// What is up, when all is: where to look with a browser, and what answers there.
#[must_use]
pub fn started(file: &Path, plan: &Plan, started: &Started, took: Duration) -> String {
    let mut text = String::new();
    put(&mut text, format_args!("wsgi-httpd {} serves {}", env!("CARGO_PKG_VERSION"), file.display()));
    for (listener, at) in plan.listeners.iter().zip(&started.listening) {
        put(&mut text, format_args!("  {:28} {}", url(plan, *at), listener.place));
    }
    for (group, python) in plan.process_groups.iter().zip(&started.pythons) {
        let processes = count(group.processes, "process", "processes");
        let threads = match group.threads {
            0 => "no threads".to_owned(),
            threads => count(threads, "thread", "threads"),
        };
        let python =
            python.as_ref().map_or("not up yet: see the error log".to_owned(), |version| format!("Python {version}"));
        put(&mut text, format_args!("  process group {:14} {processes} × {threads}, {python}", group.name));
    }
    if let Some(python) = &started.embedded {
        let processes = count(plan.embedded.processes, "process", "processes");
        let threads = count(plan.embedded.threads, "thread", "threads");
        put(&mut text, format_args!("  {:28} {processes} × {threads}, Python {python}", "embedded mode"));
    }
    for (host, mount) in plan.hosts.iter().flat_map(|host| host.mounts.iter().map(move |mount| (host, mount))).take(8) {
        let name = host.server_name.as_deref().unwrap_or_default();
        put(&mut text, format_args!("  {:28} {}", format!("{name}{}", mount.url_path), script(plan, host, mount)));
    }
    for remark in &started.remarks {
        put(&mut text, format_args!("  note: {remark}"));
    }
    put(&mut text, format_args!("ready after {:.2} s; Ctrl-C stops it", took.as_secs_f64()));
    text
}

fn put(text: &mut String, line: std::fmt::Arguments<'_>) {
    let _ = writeln!(text, "{}", line.to_string().trim_end());
}

fn count(number: u32, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

fn address(listener: &Listener) -> String {
    format!("{}:{}", listener.address.as_deref().unwrap_or("*"), listener.port)
}

fn names(host: &Host) -> String {
    let name = host.server_name.as_deref().unwrap_or("(no ServerName)");
    let addresses = host.addresses.iter().map(|address| {
        let port = address.port.map_or("*".to_owned(), |port| port.to_string());
        format!("{}:{port}", address.address.as_deref().unwrap_or("*"))
    });
    let addresses: Vec<String> = addresses.collect();
    let words = std::iter::once(name).chain(host.server_aliases.iter().map(String::as_str));
    words.chain(addresses.iter().map(String::as_str)).collect::<Vec<_>>().join(" ")
}

fn script(plan: &Plan, host: &Host, mount: &Mount) -> String {
    let group = mount.process_group.as_ref().or(host.settings.process_group.as_ref());
    let group = match group {
        Some(ProcessGroupName::Daemon(index)) => format!("process group {}", plan.process_groups[*index].name),
        Some(ProcessGroupName::Token(token)) => format!("process group {token}"),
        _ => "embedded, or as its sections say".to_owned(),
    };
    let interpreter = match mount.application_group.as_ref().or(host.settings.application_group.as_ref()) {
        Some(ApplicationGroup::Global) => ", %{GLOBAL}".to_owned(),
        Some(ApplicationGroup::Named(name)) => format!(", application group {name}"),
        Some(ApplicationGroup::Server) => ", %{SERVER}".to_owned(),
        Some(ApplicationGroup::Token(token)) => format!(", {token}"),
        _ => String::new(),
    };
    format!("{} in {group}{interpreter}", mount.target)
}

fn url(plan: &Plan, at: SocketAddr) -> String {
    let local = at.ip().is_unspecified() || at.ip().is_loopback();
    let host = if local {
        "localhost".to_owned()
    } else {
        SocketAddr::new(at.ip(), 0).to_string().trim_end_matches(":0").to_owned()
    };
    let port = if at.port() == 80 { String::new() } else { format!(":{}", at.port()) };
    let path =
        plan.hosts.iter().flat_map(|host| &host.mounts).map(|mount| mount.url_path.as_str()).next().unwrap_or("/");
    format!("http://{host}{port}{path}")
}
