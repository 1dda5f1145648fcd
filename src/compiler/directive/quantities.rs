//! Values that are numbers, times and addresses.

use super::kind::{Wrong, choice};

/// A whole number that is read to its last character.
pub(super) fn integer(word: &str, from: i64, to: i64) -> Result<(), Wrong> {
    match word.parse::<i64>() {
        Ok(value) if (from..=to).contains(&value) => Ok(()),
        Ok(value) if value < from => Err(Wrong::new(format!("below {from}"))),
        Ok(_) => Err(Wrong::new(format!("above {to}"))),
        Err(_) => Err(Wrong::new("not a whole number")),
    }
}

/// One of some words, in this case.
pub(super) fn exactly(word: &str, choices: &[&'static str]) -> Result<(), Wrong> {
    if choices.contains(&word) {
        return Ok(());
    }
    match choices.iter().find(|choice| choice.eq_ignore_ascii_case(word)) {
        Some(meant) => Err(Wrong::new("case matters here").help(format!("write `{meant}`"))),
        None => choice(word, choices),
    }
}

pub(super) fn starts_with(word: &str, starts: &[&'static str]) -> Result<(), Wrong> {
    let begins = |start: &&str| word.get(..start.len()).is_some_and(|first| first.eq_ignore_ascii_case(start));
    if starts.iter().any(begins) {
        return Ok(());
    }
    Err(Wrong::new(format!("does not begin with `{}`", starts.join("`, `"))))
}

/// Splits at the end of the digits.
fn number_and_unit(word: &str) -> (&str, &str) {
    let digits = word.trim_start_matches(['-', '+']).trim_start_matches(|digit: char| digit.is_ascii_digit());
    word.split_at(word.len() - digits.len())
}

/// Seconds, or a number with a unit: `ms`, `s`, `mi`, `h`.
pub(super) fn duration(word: &str) -> Result<(), Wrong> {
    let (number, unit) = number_and_unit(word);
    let unit = unit.to_ascii_lowercase();
    let known = unit.is_empty() || unit.starts_with(['s', 'h']) || unit.starts_with("ms") || unit.starts_with("mi");
    if number.is_empty() && !unit.is_empty() && known {
        return Err(Wrong::new("no time, and read as 0").taken());
    }
    match number.parse::<i64>() {
        Ok(value) if known && value < 0 => Err(Wrong::new("below 0")),
        Ok(_) if known => Ok(()),
        Ok(_) => {
            Err(Wrong::new("no unit of time")
                .help(format!("write `{number}ms`, `{number}s`, `{number}mi` or `{number}h`")))
        }
        Err(_) => Err(Wrong::new("no time").help("write a number of seconds")),
    }
}

/// The same, up to an hour.
pub(super) fn duration_to_hour(word: &str) -> Result<(), Wrong> {
    duration(word)?;
    let (number, unit) = number_and_unit(word);
    let unit = unit.to_ascii_lowercase();
    let milliseconds: i128 = match unit.as_str() {
        unit if unit.starts_with("ms") => 1,
        unit if unit.starts_with("mi") => 60_000,
        unit if unit.starts_with('h') => 3_600_000,
        _ => 1000,
    };
    if number.parse::<i64>().is_ok_and(|number| i128::from(number) * milliseconds > 3_600_000) {
        return Err(Wrong::new("above an hour").help("write `1h`, or 0 for no limit"));
    }
    Ok(())
}

/// Days, or a number with a unit: `d`, `h`, `mi`, `s`, `ms`.
pub(super) fn long_duration(word: &str) -> Result<(), Wrong> {
    let (number, unit) = number_and_unit(word);
    let known = ["", "d", "h", "mi", "s", "ms"].iter().any(|known| known.eq_ignore_ascii_case(unit));
    match number.parse::<i64>() {
        Ok(_) if known => Ok(()),
        _ => Err(Wrong::new("no time").help("write a number of days, or of hours as in `12h`")),
    }
}

pub(super) fn percentage(word: &str) -> Result<(), Wrong> {
    let number = word.strip_suffix('%').and_then(|number| number.parse::<u32>().ok());
    if number.is_some_and(|number| number < 100) {
        Ok(())
    } else {
        Err(Wrong::new("no percentage").help("write `33%`"))
    }
}

/// A number of bytes with a unit.
pub(super) fn size(word: &str) -> Result<(), Wrong> {
    let (number, unit) = number_and_unit(word);
    let known = ["", "b", "k", "m", "g"].iter().any(|known| known.eq_ignore_ascii_case(unit));
    match number.parse::<u64>() {
        Ok(_) if known => Ok(()),
        _ => Err(Wrong::new("no number of bytes").help("write a number, with `k`, `m` or `g` behind it")),
    }
}

pub(super) fn url(word: &str) -> Result<(), Wrong> {
    if word.contains(':') { Ok(()) } else { Err(Wrong::new("no URL").help(format!("write `http://{word}`"))) }
}

pub(super) fn port_range(word: &str) -> Result<(), Wrong> {
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|digit| digit.is_ascii_digit());
    let whole = match word.split_once('-') {
        Some((from, to)) => is_port(from) && is_port(to),
        None => is_port(word),
    };
    if whole { Ok(()) } else { Err(Wrong::new("no port").help("write a number, or two as in `5000-6000`")) }
}

pub(super) fn port_map(word: &str) -> Result<(), Wrong> {
    let Some((scheme, port)) = word.split_once(':') else {
        return Err(Wrong::new("no port behind a colon").help("write `http:8080` or `https:8443`"));
    };
    let known = ["http", "https", "80", "443"].contains(&scheme);
    if known && (port == "-" || port.parse::<u16>().is_ok_and(|port| port > 0)) {
        return Ok(());
    }
    Err(Wrong::new("no port of a scheme").help("write `http:8080` or `https:8443`"))
}

pub(super) fn host_and_port(word: &str) -> Result<(), Wrong> {
    let port = word.rsplit_once(':').and_then(|(_, port)| port.parse::<u16>().ok());
    if port.is_some() { Ok(()) } else { Err(Wrong::new("the port is missing").help(format!("write `{word}:27999`"))) }
}

pub(super) fn begins_with_number(word: &str) -> Result<(), Wrong> {
    let digits = word.trim_start_matches(['-', '+']);
    if digits.trim_start_matches('.').starts_with(|digit: char| digit.is_ascii_digit()) {
        return Ok(());
    }
    Err(Wrong::new("no number"))
}
