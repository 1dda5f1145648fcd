//! Clients speak plain HTTP at port 80.

use super::Check;
use crate::compiler::diagnostic::{Code, Report};
use crate::compiler::model::{Line, Server};

pub(super) const CHECK: Check = Check { code: &TLS_ON_PORT_80, run };

static TLS_ON_PORT_80: Code = Code::warning(
    "tls-on-port-80",
    "a virtual host speaks TLS at port 80, where clients speak plain HTTP",
    include_str!("tls_on_port_80.md"),
);

const HTTP: u16 = 80;

fn run(server: &Server, report: &mut Report) {
    for host in &server.hosts {
        let Some(engine) = host.settings.line("SSLEngine").filter(|line| Line::is_on(line)) else { continue };
        if let Some(address) = host.addresses.iter().find(|address| address.value.port == Some(HTTP)) {
            let found = TLS_ON_PORT_80.at(address.span, "clients speak plain HTTP here");
            report
                .push(found.and(engine.span, "TLS is switched on").help("write a virtual host of its own for port 80"));
        }
    }
}
