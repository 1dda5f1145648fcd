//! Lines whose words depend on each other, each read as the module reads it that takes it.

use super::super::kind::{Kind, Wrong, choice};
use crate::compiler::diagnostic::nearest;

/// Which word is wrong, and why.
type Read = Result<(), (usize, Wrong)>;

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
pub(super) fn header(words: &[&str]) -> Read {
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
pub(super) fn proxy_pass(words: &[&str]) -> Read {
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

/// The words of `Redirect`: with a status before them, and where it leads at last.
pub(super) fn redirect(words: &[&str]) -> Read {
    let with_status = words.first().is_some_and(|word| is_redirect_status(word));
    if let ([status, _, _], false) = (words, with_status) {
        let wrong = Wrong::new("not a status of redirections");
        return Err((
            0,
            wrong.help(format!("write `permanent`, `temp`, `seeother`, `gone` or a number for `{status}`")),
        ));
    }
    match &words[usize::from(with_status)..] {
        [_, to] if !to.starts_with('/') && !to.contains(':') => {
            Err((words.len() - 1, Wrong::new("not a URL").help(format!("write `/{to}`, or a URL with its scheme"))))
        }
        _ => Ok(()),
    }
}

/// The words of `RedirectMatch`, where what it leads to may be made from what was matched.
pub(super) fn redirect_match(words: &[&str]) -> Read {
    match words {
        [status, _, _] if !is_redirect_status(status) => {
            let wrong = Wrong::new("not a status of redirections");
            Err((0, wrong.help("write `permanent`, `temp`, `seeother`, `gone` or a number")))
        }
        [_, _, _] => word(words, 1, Kind::Regex),
        [first, _] => word(words, usize::from(is_redirect_status(first)), Kind::Regex),
        _ => Ok(()),
    }
}

fn is_redirect_status(word: &str) -> bool {
    ["permanent", "temp", "seeother", "gone"].iter().any(|status| status.eq_ignore_ascii_case(word))
        || word.starts_with(|digit: char| digit.is_ascii_digit())
}

fn word(words: &[&str], index: usize, kind: Kind) -> Read {
    words.get(index).map_or(Ok(()), |word| kind.check(word).map_err(|wrong| (index, wrong)))
}

/// `[Input|Output|Ratio] NAME`.
pub(super) fn filter_note(words: &[&str]) -> Read {
    if words.len() < 2 { Ok(()) } else { word(words, 0, Kind::Choice(&["Input", "Output", "Ratio"])) }
}

/// `[SSL|TLSv1.3] CIPHERS`.
pub(super) fn cipher_suite(words: &[&str]) -> Read {
    if words.len() < 2 { Ok(()) } else { word(words, 0, Kind::Choice(&["SSL", "TLSv1.3"])) }
}

/// `[connection|request] FORMAT`.
pub(super) fn error_log_format(words: &[&str]) -> Read {
    match words {
        [format] if !format.is_empty() && !format.contains("%M") => {
            Err((0, Wrong::new("holds no `%M`").help("write `%M` where the message is to stand")))
        }
        [_, _, ..] => word(words, 0, Kind::Choice(&["connection", "request"])),
        _ => Ok(()),
    }
}

/// The third word says when a line is written.
pub(super) fn log_condition(words: &[&str]) -> Read {
    match words.get(2) {
        Some(when) if !["env=", "expr="].iter().any(|start| starts_with(when, start)) => {
            Err((2, Wrong::new("neither `env=` nor `expr=`").help("write `env=NAME`")))
        }
        _ => Ok(()),
    }
}

/// `MESSAGE [hook=NAME] [expr=EXPRESSION]`.
pub(super) fn log_message(words: &[&str]) -> Read {
    let wrong = words.iter().skip(1).position(|word| !["hook=", "expr="].iter().any(|start| starts_with(word, start)));
    wrong.map_or(Ok(()), |at| Err((at + 1, Wrong::new("neither `hook=` nor `expr=`"))))
}

/// `[add] PATH [critical]`.
pub(super) fn push_resource(words: &[&str]) -> Read {
    let add = words.first().is_some_and(|word| word.eq_ignore_ascii_case("add"));
    let rest = usize::from(add) + 1;
    match words.get(rest) {
        Some(last) if !last.eq_ignore_ascii_case("critical") => {
            Err((rest, Wrong::new("not `critical`").help("write `H2PushResource [add] PATH [critical]`")))
        }
        _ => Ok(()),
    }
}

const FILTER_SETTINGS: [&str; 8] =
    ["mode=", "ftype=", "enableenv=", "disableenv=", "intype=", "outtype=", "cmd=", "PreservesContentLength"];

/// `NAME SETTING…`.
pub(super) fn external_filter(words: &[&str]) -> Read {
    let wrong = words.iter().skip(1).position(|word| !FILTER_SETTINGS.iter().any(|start| starts_with(word, start)));
    let wrong = wrong.filter(|at| *at == 0);
    wrong.map_or(Ok(()), |at| {
        Err((at + 1, Wrong::new("no setting of a filter").help("write `cmd=PROGRAM`, with quotes around arguments")))
    })
}

/// `NAME|None OPTION VALUE…`.
pub(super) fn fcgi_check(words: &[&str]) -> Read {
    let options = Kind::Choice(&["Authoritative", "DefaultUser", "RequireBasicAuth", "UserExpr"]);
    for at in (1..words.len()).step_by(2) {
        word(words, at, options)?;
        if at + 1 == words.len() {
            return Err((at, Wrong::new("a value is missing")));
        }
    }
    Ok(())
}

/// A cookie's name, which is not empty and holds neither `=` nor `&`.
pub(super) fn cookie_name(words: &[&str]) -> Read {
    match words.first() {
        Some(name) if name.contains(['=', '&']) => {
            Err((0, Wrong::new("no name of a cookie").help("a name holds neither `=` nor `&`")))
        }
        _ => Ok(()),
    }
}

/// The kinds of keys that a certificate is asked for.
pub(super) fn private_keys(words: &[&str]) -> Read {
    match words {
        [_, rest @ ..] => {
            let again = rest.iter().position(|word| words[0].eq_ignore_ascii_case(word));
            again.map_or(Ok(()), |at| Err((at + 1, Wrong::new("the same kind again"))))
        }
        [] => Ok(()),
    }
}

/// A power of 2, or 0.
pub(super) fn power_of_two(words: &[&str]) -> Read {
    match words.first().and_then(|word| word.parse::<u64>().ok()) {
        Some(number) if number != 0 && !number.is_power_of_two() => {
            Err((0, Wrong::new("no power of 2").help(format!("write `{}`", number.next_power_of_two()))))
        }
        _ => Ok(()),
    }
}

/// A second at least.
pub(super) fn at_least_a_second(words: &[&str]) -> Read {
    above_zero(words)?;
    let milliseconds = words.first().and_then(|word| word.to_ascii_lowercase().strip_suffix("ms")?.parse::<i64>().ok());
    match milliseconds {
        Some(number) if number < 1000 => Err((0, Wrong::new("below a second").help("write `1s` or more"))),
        _ => Ok(()),
    }
}

/// A time above 0, whatever its unit.
pub(super) fn above_zero(words: &[&str]) -> Read {
    let number = words.first().and_then(|word| word.trim_end_matches(char::is_alphabetic).parse::<i64>().ok());
    if number.is_some_and(|number| number <= 0) { Err((0, Wrong::new("not above 0"))) } else { Ok(()) }
}

/// A time that is not below 0.
pub(super) fn not_below_zero(words: &[&str]) -> Read {
    if words.first().is_some_and(|word| word.starts_with('-')) { Err((0, Wrong::new("below 0"))) } else { Ok(()) }
}

/// A media type, with a slash in it.
pub(super) fn media_type(words: &[&str]) -> Read {
    match words.first() {
        Some(name) if !name.contains('/') => {
            Err((0, Wrong::new("no media type").help("write `text/html`, `image/png` or another")))
        }
        _ => Ok(()),
    }
}

fn starts_with(word: &str, start: &str) -> bool {
    word.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start))
}

/// `PATH URL`.
pub(super) fn redirect_to(words: &[&str]) -> Read {
    match words {
        [from, to] if !to.starts_with('/') && !to.contains(':') && !is_redirect_status(from) => {
            Err((1, Wrong::new("not a URL").help(format!("write `/{to}`, or a URL with its scheme"))))
        }
        _ => Ok(()),
    }
}
