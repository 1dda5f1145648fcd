//! Values that are languages of their own, each read as the module reads it that takes it.

use std::net::IpAddr;

use super::kind::{Wrong, choice};
use super::pattern::read_regex;
use crate::compiler::diagnostic::nearest;

/// Flags of `RewriteRule`, long and short.
const REWRITE_FLAGS: &[&str] = &[
    "B",
    "backrefescaping",
    "BCTLS",
    "BNE",
    "BNP",
    "backrefnoplus",
    "C",
    "chain",
    "CO",
    "cookie",
    "DPI",
    "discardpath",
    "E",
    "env",
    "END",
    "F",
    "forbidden",
    "G",
    "gone",
    "H",
    "handler",
    "L",
    "last",
    "N",
    "next",
    "NC",
    "nocase",
    "NE",
    "noescape",
    "NS",
    "nosubreq",
    "P",
    "proxy",
    "PT",
    "passthrough",
    "QSA",
    "qsappend",
    "QSD",
    "qsdiscard",
    "QSL",
    "qslast",
    "R",
    "redirect",
    "S",
    "skip",
    "T",
    "type",
    "UnsafeAllow3F",
    "UnsafePrefixStat",
    "UNC",
];

/// Flags of `RewriteCond`.
const CONDITION_FLAGS: &[&str] = &["NC", "nocase", "OR", "ornext", "NV", "novary"];

/// A regular expression.
pub(super) fn regex(word: &str) -> Result<(), Wrong> {
    read_regex(word)
        .map_err(|reason| Wrong::new(reason).help("put a backslash before a character that stands for itself"))
}

/// What a `RewriteCond` compares with: a test of files or numbers, a text, or a regular expression.
pub(super) fn rewrite_test(word: &str) -> Result<(), Wrong> {
    let word = word.strip_prefix('!').unwrap_or(word);
    if word.starts_with(['-', '<', '>', '=']) { Ok(()) } else { regex(word) }
}

pub(super) fn rewrite_flags(word: &str) -> Result<(), Wrong> {
    flags(word, REWRITE_FLAGS)
}

pub(super) fn condition_flags(word: &str) -> Result<(), Wrong> {
    flags(word, CONDITION_FLAGS)
}

fn flags(word: &str, known: &[&'static str]) -> Result<(), Wrong> {
    let Some(inner) = word.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) else {
        return Err(Wrong::new("not in brackets").help("write `[L,R=302]`, without blanks"));
    };
    for flag in inner.split(',') {
        let name = flag.split('=').next().unwrap_or(flag).trim();
        if name.is_empty() || known.iter().any(|known| known.eq_ignore_ascii_case(name)) {
            continue;
        }
        let wrong = Wrong::new(format!("`{name}` is no flag"));
        return Err(match nearest(name, known.iter().copied()) {
            Some(near) => wrong.help(format!("did you mean `{near}`?")),
            None => wrong,
        });
    }
    Ok(())
}

/// A status of HTTP that Apache has a text for.
pub(super) fn status(word: &str) -> Result<(), Wrong> {
    match word.parse::<u16>() {
        Ok(100..=103 | 200..=226 | 300..=308 | 400..=451 | 500..=511) => Ok(()),
        _ => Err(Wrong::new("not a status of HTTP").help("write a number such as `404` or `500`")),
    }
}

/// `access plus 1 month`, or `A3600`.
pub(super) fn expires(word: &str) -> Result<(), Wrong> {
    let wrong = |label: &str| Wrong::new(label).help("write `access plus 1 month`, or seconds as in `A3600`");
    if let Some(seconds) = word.strip_prefix(['A', 'M'])
        && !seconds.is_empty()
        && seconds.bytes().all(|digit| digit.is_ascii_digit())
    {
        return Ok(());
    }
    let mut words = word.split_whitespace().peekable();
    let base = words.next().unwrap_or_default().to_ascii_lowercase();
    if !["now", "access", "modification"].contains(&base.as_str()) {
        return Err(wrong("begins with neither `access`, `now` nor `modification`"));
    }
    words.next_if(|word| word.eq_ignore_ascii_case("plus"));
    while let Some(number) = words.next() {
        if !number.starts_with(|digit: char| digit.is_ascii_digit()) {
            return Err(wrong("a number is missing"));
        }
        let unit = words.next().unwrap_or_default().to_ascii_lowercase();
        if !["y", "mo", "w", "d", "h", "mi", "s"].iter().any(|start| unit.starts_with(start)) {
            return Err(wrong("a unit of time is missing"));
        }
    }
    Ok(())
}

/// An address, IPv4 or IPv6, of which a part may be left out, and a mask behind `/`.
pub(super) fn network(word: &str) -> Result<(), Wrong> {
    let (address, mask) = word.split_once('/').map_or((word, None), |(address, mask)| (address, Some(mask)));
    let six = word.contains(':');
    let allowed =
        |character: char| matches!(character, '0'..='9' | '.' | '/') || six && matches!(character, 'a'..='f' | ':');
    if !word.chars().all(allowed) {
        return Err(Wrong::new("not an address").help("write `10.0.0.1`, `10.0.0.0/8` or `fd00::/8`, in lower case"));
    }
    let whole = address.parse::<IpAddr>().is_ok();
    let part = !six && address.trim_end_matches('.').split('.').all(|part| part.parse::<u8>().is_ok());
    if !whole && !part {
        return Err(Wrong::new("not an address").help("write `10.0.0.1` or `10.0.0.0/8`"));
    }
    let most = if six { 128 } else { 32 };
    match mask {
        Some(mask) if !mask.parse::<u8>().is_ok_and(|bits| bits <= most) && mask.parse::<IpAddr>().is_err() => {
            Err(Wrong::new("the mask is wrong").help(format!("write a number from 0 to {most} behind `/`")))
        }
        _ => Ok(()),
    }
}

pub(super) fn hash_seed(word: &str) -> Result<(), Wrong> {
    if word == "random" || word.bytes().all(|digit| digit.is_ascii_digit()) && word.parse::<u32>().is_ok() {
        return Ok(());
    }
    Err(Wrong::new("neither `random` nor a whole number").help("write `random`, or a number from 0 to 4294967295"))
}

pub(super) fn decimal(word: &str, tenths: u32) -> Result<(), Wrong> {
    let least = f64::from(tenths) / 10.0;
    match word.parse::<f64>() {
        Ok(value) if value >= least => Ok(()),
        Ok(_) => Err(Wrong::new(format!("below {least}"))),
        Err(_) => Err(Wrong::new("not a number")),
    }
}

/// The actions of `Header`, and how many words each takes at least.
const HEADER_ACTIONS: [(&str, usize); 10] = [
    ("set", 2),
    ("append", 2),
    ("merge", 2),
    ("add", 2),
    ("setifempty", 2),
    ("edit", 3),
    ("edit*", 3),
    ("unset", 1),
    ("echo", 1),
    ("note", 2),
];

/// The words of `Header` and `RequestHeader`: which is wrong, and why.
pub(super) fn header(words: &[&str]) -> Result<(), (usize, Wrong)> {
    let action_at = usize::from(
        words.first().is_some_and(|word| ["always", "onsuccess"].iter().any(|when| word.eq_ignore_ascii_case(when))),
    );
    let Some(action) = words.get(action_at) else { return Ok(()) };
    let Some((_, least)) = HEADER_ACTIONS.iter().find(|(name, _)| name.eq_ignore_ascii_case(action)) else {
        let names: Vec<&'static str> = HEADER_ACTIONS.iter().map(|(name, _)| *name).collect();
        return choice(action, &names).map_err(|wrong| (action_at, wrong));
    };
    if words.len() - action_at - 1 < *least {
        let what = if *least == 1 { "a header" } else { "a header and a value" };
        return Err((action_at, Wrong::new(format!("needs {what}")).help(format!("write `Header {action} NAME …`"))));
    }
    Ok(())
}

/// What may stand after the address in `ProxyPass`, for a worker or a balancer.
const PROXY_PARAMETERS: &[&str] = &[
    "acquire",
    "addressttl",
    "connectiontimeout",
    "disablereuse",
    "enablereuse",
    "failonstatus",
    "failontimeout",
    "flusher",
    "flushpackets",
    "flushwait",
    "forcerecovery",
    "growth",
    "hcexpr",
    "hcfails",
    "hcinterval",
    "hcmethod",
    "hcpasses",
    "hctemplate",
    "hcuri",
    "host",
    "iobuffersize",
    "keepalive",
    "lbmethod",
    "lbset",
    "loadfactor",
    "mapping",
    "max",
    "maxattempts",
    "min",
    "nofailover",
    "nonce",
    "ping",
    "receivebuffersize",
    "redirect",
    "responsefieldsize",
    "retry",
    "route",
    "scolonpathdelim",
    "secret",
    "smax",
    "status",
    "stickysession",
    "stickysessionsep",
    "timeout",
    "ttl",
    "upgrade",
];

/// The words of `ProxyPass`.
pub(super) fn proxy_pass(words: &[&str]) -> Result<(), (usize, Wrong)> {
    // Where the section names the URL path, the address is the first word.
    let address = words.iter().position(|word| word.contains("://") || *word == "!").unwrap_or(1);
    for (index, word) in words.iter().enumerate().skip(address + 1) {
        let Some((name, _)) = word.split_once('=') else { continue };
        choice(name, PROXY_PARAMETERS).map_err(|_| {
            let wrong = Wrong::new(format!("`{name}` is no parameter of a worker"));
            (
                index,
                match nearest(name, PROXY_PARAMETERS.iter().copied()) {
                    Some(near) => wrong.help(format!("did you mean `{near}`?")),
                    None => wrong,
                },
            )
        })?;
    }
    Ok(())
}

/// The words of `Redirect` and its like: the last one of two is where it leads.
pub(super) fn redirect(words: &[&str]) -> Result<(), (usize, Wrong)> {
    let with_status = words.first().is_some_and(|word| {
        ["permanent", "temp", "seeother", "gone"].contains(&word.to_ascii_lowercase().as_str())
            || word.starts_with(|digit: char| digit.is_ascii_digit())
    });
    let rest = &words[usize::from(with_status)..];
    match rest {
        [_, to] if !to.starts_with('/') && !to.contains(':') => {
            Err((words.len() - 1, Wrong::new("not a URL").help(format!("write `/{to}`, or a URL with its scheme"))))
        }
        _ => Ok(()),
    }
}
