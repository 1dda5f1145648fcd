//! Lines of a host that take a URL before a file or a mount is looked for: proxies, redirections, rules.

use super::effect::MOST_COMPARISONS;
use crate::compiler::model::{Host, Line, Server, starts_with_path};
use crate::decision::pattern::Pattern;

/// What takes URLs in a host.
pub(super) struct Taken<'a> {
    prefixes: Vec<&'a str>,
    patterns: Vec<(Pattern, bool)>,
}

impl<'a> Taken<'a> {
    /// `None` where so many URLs are asked about that it would take too long.
    pub(super) fn of(server: &'a Server, host: &'a Host, urls: usize) -> Option<Self> {
        let lines = || [host, server.main()].into_iter().flat_map(|host| &host.settings.lines);
        let prefixes: Vec<&str> = lines().filter_map(prefix).collect();
        let expressions: Vec<(String, bool)> = lines().filter_map(expression).collect();
        if (prefixes.len() + expressions.len()).saturating_mul(urls) > MOST_COMPARISONS {
            return None;
        }
        let patterns = expressions.iter().filter_map(|(text, negated)| Some((Pattern::new(text).ok()?, *negated)));
        Some(Self { prefixes, patterns: patterns.collect() })
    }

    /// Whether one of them may take a URL path.
    pub(super) fn takes(&self, url: &str) -> bool {
        self.prefixes.iter().any(|prefix| *prefix == "/" || starts_with_path(url, prefix))
            || self.patterns.iter().any(|(pattern, negated)| pattern.is_match(url.as_bytes()) != *negated)
    }
}

fn prefix(line: &Line) -> Option<&str> {
    (line.name == "ProxyPass" && line.words.len() > 1 && line.word(1) != "!").then(|| line.word(0))
}

/// The regular expression of a line, and whether it is what does not match that counts.
fn expression(line: &Line) -> Option<(String, bool)> {
    match line.name {
        "AliasMatch" => Some((line.word(0).to_owned(), false)),
        "ProxyPassMatch" if line.word(1) != "!" => Some((line.word(0).to_owned(), false)),
        "RedirectMatch" => {
            let status = ["permanent", "temp", "seeother", "gone"];
            let first = line.word(0);
            let is_status = first.bytes().all(|byte| byte.is_ascii_digit())
                || status.iter().any(|name| first.eq_ignore_ascii_case(name));
            Some((line.word(usize::from(is_status)).to_owned(), false))
        }
        "RewriteRule" if line.word(1) != "-" || line.has_flag(&["F", "forbidden", "G", "gone", "R", "redirect"]) => {
            let (text, negated) = line.word(0).strip_prefix('!').map_or((line.word(0), false), |text| (text, true));
            let any_case = if line.has_flag(&["NC", "nocase"]) { "(?i)" } else { "" };
            Some((format!("{any_case}{text}"), negated))
        }
        _ => None,
    }
}
