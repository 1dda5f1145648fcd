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
    // The first letter is enough.
    if !base.starts_with(['n', 'a', 'm']) {
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
    let whole = address.parse::<IpAddr>();
    if matches!(&whole, Ok(IpAddr::V6(address)) if address.to_ipv4_mapped().is_some()) {
        return Err(Wrong::new("an IPv4 address that is written as IPv6").help("write `10.0.0.1` or `10.0.0.0/8`"));
    }
    let numbers = |address: &str| address.trim_end_matches('.').split('.').all(|part| part.parse::<u8>().is_ok());
    let part = !six && mask.is_none() && numbers(address);
    if whole.is_err() && !part {
        return Err(Wrong::new("not an address").help("write `10.0.0.1` or `10.0.0.0/8`"));
    }
    let most = if six { 128 } else { 32 };
    match mask {
        Some(mask)
            if !mask.parse::<u8>().is_ok_and(|bits| (1..=most).contains(&bits)) && mask.parse::<IpAddr>().is_err() =>
        {
            Err(Wrong::new("the mask is wrong").help(format!("write a number from 1 to {most} behind `/`")))
        }
        _ => Ok(()),
    }
}

/// A name that Apache asks the DNS for, or an address.
pub(super) fn host_or_address(word: &str) -> Result<(), Wrong> {
    let in_name = |letter: char| letter.is_alphanumeric() || matches!(letter, '.' | '-' | '_');
    // A path is a socket.
    if word.starts_with('/') {
        return Ok(());
    }
    let number = !word.is_empty() && word.bytes().all(|digit| digit.is_ascii_digit());
    if number && word.parse::<u32>().is_err() || !word.chars().all(in_name) && word.parse::<IpAddr>().is_err() {
        return Err(Wrong::new("no address and no name of a machine").help("write an address, as in `10.0.0.1`"));
    }
    Ok(())
}

/// A name that Apache asks the DNS for, an address, or a network.
pub(super) fn host_or_network(word: &str) -> Result<(), Wrong> {
    let read = network(word);
    if read.is_ok() || word.contains('/') || word.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.') {
        return read;
    }
    host_or_address(word)
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
        // Without a least value nothing is looked at.
        Err(_) if tenths == 0 => Err(Wrong::new("not a number").taken()),
        Err(_) => Err(Wrong::new("not a number")),
    }
}

/// An expression as in `<If>`.
pub(super) fn expression(word: &str) -> Result<(), Wrong> {
    super::check_expression(word).map_err(|mistake| Wrong { label: mistake.label, help: mistake.help, taken: false })
}

/// Kinds of shared caches: one for each module `socache_…`.
const SHARED_CACHES: [&str; 6] = ["default", "shmcb", "dbm", "memcache", "redis", "dc"];

/// `TYPE[:ARGUMENTS]`.
pub(super) fn shared_cache(word: &str) -> Result<(), Wrong> {
    let name = word.split(':').next().unwrap_or(word);
    choice(name, &SHARED_CACHES)
}

/// `MECHANISM[:PATH]`.
pub(super) fn mutex(word: &str) -> Result<(), Wrong> {
    let (name, path) = word.split_once(':').map_or((word, None), |(name, path)| (name, Some(path)));
    let (plain, with_path) =
        (["none", "default", "no", "pthread", "sysvsem", "posixsem", "sem", "yes"], ["flock", "fcntl", "file"]);
    let known = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
    if known(&with_path) || path.is_none() && known(&plain) {
        return Ok(());
    }
    Err(Wrong::new("no kind of lock").help("write `default`, `pthread`, `sem` or `file:/path`"))
}

/// `TYPE:SOURCE`, or a file.
pub(super) fn rewrite_map(word: &str) -> Result<(), Wrong> {
    const FUNCTIONS: [&str; 4] = ["toupper", "tolower", "escape", "unescape"];
    match word.split_once(':') {
        Some(("int", function)) => choice(function, &FUNCTIONS),
        Some((kind, _)) if kind.starts_with("dbm=") && kind.len() == 4 => {
            Err(Wrong::new("a kind of database is missing"))
        }
        _ => Ok(()),
    }
}

/// `s/PATTERN/REPLACEMENT/FLAGS`.
pub(super) fn substitution(word: &str) -> Result<(), Wrong> {
    let wrong = |label: &str| Wrong::new(label).help("write `s/PATTERN/TEXT/` with the flags `i`, `n`, `f` or `q`");
    let mut rest = word.strip_prefix(['s', 'S']).unwrap_or_default().chars();
    let Some(delimiter) = rest.next() else { return Err(wrong("no substitution")) };
    let mut parts = rest.as_str().split(delimiter);
    let (Some(pattern), Some(_), flags) = (parts.next(), parts.next(), parts.next()) else {
        return Err(wrong("the text in its place is missing"));
    };
    if let Some(flag) = flags.unwrap_or_default().chars().find(|flag| !"infq".contains(flag.to_ascii_lowercase())) {
        return Err(wrong(&format!("`{flag}` is no flag")));
    }
    regex(pattern)
}

/// The first character says what is done, behind a line or two.
pub(super) fn sed_command(word: &str) -> Result<(), Wrong> {
    let wrong = |label: &str| Err(Wrong::new(label).help("write `s/PATTERN/TEXT/g`"));
    let mut command = word.trim_start_matches(|c: char| c.is_whitespace() || c == ';');
    let mut addressed = false;
    while let Some(first) = command.chars().next().filter(|c| c.is_ascii_digit() || ",$/\\ \t".contains(*c)) {
        addressed |= first.is_ascii_digit() || "$/\\".contains(first);
        command = match first {
            '/' | '\\' => match after_pattern(command) {
                Some(rest) => rest,
                // What Apache makes of it depends on its letters.
                None => return Ok(()),
            },
            _ => &command[1..],
        };
    }
    let after = command.chars().nth(1);
    match command.chars().next() {
        Some('a' | 'c' | 'i') if after != Some('\\') => wrong("no backslash and text behind it"),
        Some(c) if "=dDgGhHlnNpPqx".contains(c) && after.is_some_and(char::is_alphanumeric) => {
            wrong("no command of sed")
        }
        None if addressed => wrong("a command is missing"),
        Some(c) if !"{}:=abcdDgGhHiIlnNpPqrstTwxy!#".contains(c) => wrong("no command of sed"),
        _ => Ok(()),
    }
}

/// What follows an address `/PATTERN/`, or `\` and another delimiter.
fn after_pattern(text: &str) -> Option<&str> {
    let mut letters = text.strip_prefix('\\').unwrap_or(text).chars();
    let delimiter = letters.next()?;
    while let Some(letter) = letters.next() {
        match letter {
            '\\' => drop(letters.next()),
            letter if letter == delimiter => return Some(letters.as_str()),
            _ => {}
        }
    }
    None
}

/// A dot before the domain, and one in it.
pub(super) fn cookie_domain(word: &str) -> Result<(), Wrong> {
    match word.strip_prefix('.') {
        None => Err(Wrong::new("does not begin with a dot").help(format!("write `.{word}`"))),
        Some(domain) if !domain.contains('.') => {
            Err(Wrong::new("a dot is missing in it").help(format!("write `.{domain}.example`")))
        }
        Some(_) => Ok(()),
    }
}

pub(super) fn certificate_authority(word: &str) -> Result<(), Wrong> {
    if word.contains("://") {
        return Ok(());
    }
    choice(word, &["LetsEncrypt", "LetsEncrypt-Test", "Buypass", "Buypass-Test"])
}

/// Seconds, or numbers with units as in `Expires`, without their beginning.
pub(super) fn cookie_expires(word: &str) -> Result<(), Wrong> {
    if word.bytes().all(|digit| digit.is_ascii_digit()) {
        return Ok(());
    }
    let ends = [word.bytes().next(), word.bytes().last()];
    if ends.iter().all(|end| end.is_some_and(|end| end.is_ascii_digit())) {
        return Err(Wrong::new("not a whole number").help("write seconds, or `1 month`").taken());
    }
    expires(&format!("access {word}"))
}
