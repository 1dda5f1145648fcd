//! mod_wsgi knows the fields that proxies add by their names.

use super::Check;
use crate::compiler::diagnostic::{Code, Report, nearest};
use crate::compiler::model::Server;
use crate::plan::proxies::{FIELDS, field};

pub(super) const CHECK: Check = Check { code: &PROXY_HEADER_UNKNOWN, run };

static PROXY_HEADER_UNKNOWN: Code = Code::warning(
    "proxy-header-unknown",
    "a field of a proxy is trusted that mod_wsgi does not know",
    include_str!("proxy_header_unknown.md"),
);

fn run(server: &Server, report: &mut Report) {
    for word in server.lines("WSGITrustedProxyHeaders").into_iter().flat_map(|line| &line.words) {
        let name = word.value.as_str();
        if field(name).is_some() || name.is_empty() || name.contains("${") {
            continue;
        }
        let broken = !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        let label = if broken { "ends the process that meets it" } else { "nothing is done with it" };
        let near = nearest(&name.replace('_', "-"), FIELDS.map(|(name, _)| name))
            .map(|near| format!("did you mean `{near}`?"));
        let help = near.unwrap_or_else(|| "delete it; the page of this finding lists those that are known".to_owned());
        report.push(PROXY_HEADER_UNKNOWN.at(word.span, label).help(help));
    }
}
