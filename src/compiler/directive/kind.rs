//! Kinds of values. Each is written once: it reads a word, says what is wrong with it, and names its choices.

use super::{INVALID_VALUE, UNFIT_VALUE};
use super::{languages, quantities};
use crate::compiler::diagnostic::{Code, nearest};
use crate::plan::log::LogLevel;

/// What a word may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Anything that is not empty.
    Text,
    /// Anything, also nothing.
    AnyText,
    /// A file or folder, absolute or relative to `ServerRoot`.
    Path,
    /// A folder that must be absolute.
    AbsolutePath,
    /// A URL path. One that does not begin with `/` is taken, and matches nothing.
    UrlPath,
    /// `On` or `Off`.
    Flag,
    /// A whole number, from and to. Apache looks at the digits before anything else, and refuses what is not between the two.
    Number(u64, u64),
    /// 0, or a whole number, from and to.
    ZeroOr(u64, u64),
    /// A whole number, from and to. Apache takes anything.
    AnyNumber(u64, u64),
    /// A whole number that may be below zero.
    SignedNumber,
    /// A number of octal digits.
    Octal,
    /// Seconds, or a time with its unit behind it: `ms`, `s`, `mi`, `h`.
    Duration,
    /// A number with a point, above zero.
    Fraction,
    /// A user or group: a name, or `#` and a number.
    Account,
    /// A name of Python's.
    PythonName,
    /// One of these, whatever their case.
    Choice(&'static [&'static str]),
    /// `emerg` to `trace8`, also `MODULE:LEVEL`.
    LogLevel,
    /// A regular expression.
    Regex,
    /// What `RewriteCond` compares with.
    RewriteTest,
    /// Flags of `RewriteRule`, in brackets.
    RewriteFlags,
    /// Flags of `RewriteCond`, in brackets.
    ConditionFlags,
    /// A status of HTTP.
    Status,
    /// When something expires.
    Expires,
    /// An address with or without a mask.
    Network,
    /// `random`, or a whole number.
    HashSeed,
    /// A number with a point, from that many tenths.
    DecimalFrom(u32),
    /// `unix:` and a path.
    UnixSocket,
    /// One of these, in this case.
    Exactly(&'static [&'static str]),
    /// One of these, with or without `+` or `-` before it. One that ends in `=` has something behind it.
    Signed(&'static [&'static str]),
    /// One of these kinds.
    Either(&'static [Kind]),
    /// It begins with one of these.
    StartsWith(&'static [&'static str]),
    /// A whole number, from and to, which Apache reads to its last character.
    Integer(i64, i64),
    /// A number of bytes, which may end in `b`, `k`, `m` or `g`.
    Size,
    /// Seconds, or a time with its unit, up to an hour.
    DurationToHour,
    /// The name or the address of a machine.
    HostOrAddress,
    /// The same, or a network.
    HostOrNetwork,
    /// Days, or a time with its unit.
    LongDuration,
    /// A part of something, as in `33%`.
    Percentage,
    /// A URL with its scheme.
    Url,
    /// An expression.
    Expression,
    /// `name=value`.
    Pair,
    /// A port, or two with `-` between.
    PortRange,
    /// `http:PORT` or `https:PORT`.
    PortMap,
    /// An address and a port.
    HostAndPort,
    /// An absolute path, or `none`.
    AbsoluteOrNone,
    /// Where a shared cache lies.
    SharedCache,
    /// How a lock is made.
    Mutex,
    /// What a `RewriteMap` reads.
    RewriteMap,
    /// `s/PATTERN/REPLACEMENT/FLAGS`.
    Substitution,
    /// A command of sed.
    SedCommand,
    /// The domain of a cookie.
    CookieDomain,
    /// A number, with or without something behind it.
    BeginsWithNumber,
    /// Seconds, or a time in words.
    CookieExpires,
    /// A certificate authority: its name or its URL.
    CertificateAuthority,
}

/// What is wrong with a word.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What it is not.
    pub label: String,
    /// What to type.
    pub help: Option<String>,
    /// Apache takes it all the same, for a number that nobody means.
    pub taken: bool,
}

impl Wrong {
    /// A word that is not what it should be.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), help: None, taken: false }
    }

    /// Apache takes it all the same.
    pub(super) fn taken(mut self) -> Self {
        self.taken = true;
        self
    }

    /// The kind of finding that it is.
    pub(crate) fn code(&self) -> &'static Code {
        if self.taken { &UNFIT_VALUE } else { &INVALID_VALUE }
    }

    /// What to type.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

/// A whole number that fits everywhere.
pub(super) const COUNT: Kind = Kind::Number(0, i32::MAX as u64);

/// The same where Apache takes anything.
pub(super) const ANY_COUNT: Kind = Kind::AnyNumber(0, i32::MAX as u64);

impl Kind {
    /// What the manual calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text | Self::AnyText | Self::StartsWith(_) => "text",
            Self::Path => "file path",
            Self::AbsolutePath => "absolute path",
            Self::UrlPath => "URL path",
            Self::Flag => "On|Off",
            Self::Number(..) | Self::ZeroOr(..) | Self::AnyNumber(..) | Self::SignedNumber | Self::Integer(..) => {
                "whole number"
            }
            Self::Octal => "octal number",
            Self::Duration | Self::DurationToHour | Self::CookieExpires => "seconds",
            Self::Fraction | Self::DecimalFrom(_) | Self::BeginsWithNumber => "number",
            Self::Account => "name or #number",
            Self::PythonName => "Python name",
            Self::Choice(_) | Self::Exactly(_) | Self::Signed(_) => "keyword",
            Self::LogLevel => "log level",
            Self::Regex | Self::RewriteTest => "regular expression",
            Self::RewriteFlags | Self::ConditionFlags => "[flags]",
            Self::Status => "HTTP status",
            Self::Expires | Self::LongDuration => "time",
            Self::Network | Self::HostOrNetwork => "network",
            Self::HostOrAddress => "address",
            Self::HashSeed => "random|number",
            Self::UnixSocket => "unix:path",
            Self::Either(kinds) => kinds.first().map_or("text", |kind| kind.name()),
            Self::Size => "bytes",
            Self::Percentage => "percentage",
            Self::Url => "URL",
            Self::Expression => "expression",
            Self::Pair => "name=value",
            Self::PortRange => "port[-port]",
            Self::PortMap => "http:port|https:port",
            Self::HostAndPort => "address:port",
            Self::AbsoluteOrNone => "absolute path|none",
            Self::SharedCache => "type[:arguments]",
            Self::Mutex => "mechanism[:path]",
            Self::RewriteMap => "type:source",
            Self::Substitution => "s/pattern/text/flags",
            Self::SedCommand => "sed command",
            Self::CookieDomain => ".domain",
            Self::CertificateAuthority => "name|URL",
        }
    }

    /// The words that it may be, where there are a few.
    #[must_use]
    pub fn choices(self) -> Vec<&'static str> {
        match self {
            Self::Flag => vec!["On", "Off"],
            Self::Choice(choices) | Self::Exactly(choices) | Self::Signed(choices) => choices.to_vec(),
            Self::Either(kinds) => kinds.iter().flat_map(|kind| kind.choices()).collect(),
            Self::LogLevel => LOG_LEVELS.iter().map(|(name, _)| *name).collect(),
            _ => Vec::new(),
        }
    }

    /// Whether a word is of this kind.
    ///
    /// # Errors
    /// With what is wrong with it.
    pub fn check(self, word: &str) -> Result<(), Wrong> {
        if word.is_empty() && !matches!(self, Self::AnyText | Self::Regex | Self::RewriteTest) {
            return Err(Wrong::new("empty"));
        }
        match self {
            Self::AbsolutePath if !word.starts_with('/') => {
                Err(Wrong::new("not an absolute path").help(format!("write `/…/{word}`")))
            }
            Self::Flag => flag(word),
            Self::Number(from, to) => number(word, from, to),
            Self::ZeroOr(from, to) => zero_or(word, from, to),
            Self::AnyNumber(from, to) => number(word, from, to).map_err(Wrong::taken),
            Self::SignedNumber => number(word.strip_prefix('-').unwrap_or(word), 0, i32::MAX as u64),
            Self::Octal if !is_octal(word) => {
                Err(Wrong::new("not an octal number").help("write digits from 0 to 7, as in `0027`"))
            }
            Self::Duration => quantities::duration(word),
            Self::DurationToHour => quantities::duration_to_hour(word),
            Self::HostOrAddress => languages::host_or_address(word),
            Self::HostOrNetwork => languages::host_or_network(word),
            Self::Fraction if !is_fraction(word) => Err(Wrong::new("not a number above 0")),
            Self::Account => account(word),
            Self::PythonName => python_name(word),
            Self::Choice(choices) => choice(word, choices),
            Self::LogLevel => log_level(word),
            Self::Regex => languages::regex(word),
            Self::RewriteTest => languages::rewrite_test(word),
            Self::RewriteFlags => languages::rewrite_flags(word),
            Self::ConditionFlags => languages::condition_flags(word),
            Self::Status => languages::status(word),
            Self::Expires => languages::expires(word),
            Self::Network => languages::network(word),
            Self::HashSeed => languages::hash_seed(word),
            Self::DecimalFrom(tenths) => languages::decimal(word, tenths),
            Self::Exactly(choices) => quantities::exactly(word, choices),
            Self::Signed(choices) => choice(word.strip_prefix(['+', '-']).unwrap_or(word), choices),
            Self::Either(kinds) => {
                let mut wrong = None;
                for kind in kinds {
                    match kind.check(word) {
                        Ok(()) => return Ok(()),
                        // What is taken all the same is not refused.
                        Err(one) if one.taken => wrong = Some(one),
                        Err(one) => wrong = wrong.or(Some(one)),
                    }
                }
                wrong.map_or(Ok(()), Err)
            }
            Self::StartsWith(starts) => quantities::starts_with(word, starts),
            Self::Integer(from, to) => quantities::integer(word, from, to),
            Self::Size => quantities::size(word),
            Self::LongDuration => quantities::long_duration(word),
            Self::Percentage => quantities::percentage(word),
            Self::Url => quantities::url(word),
            Self::Expression => languages::expression(word),
            Self::Pair if !word.contains('=') => Err(Wrong::new("not `name=value`")),
            Self::PortRange => quantities::port_range(word),
            Self::PortMap => quantities::port_map(word),
            Self::HostAndPort => quantities::host_and_port(word),
            Self::AbsoluteOrNone if !word.starts_with('/') && !word.eq_ignore_ascii_case("none") => {
                Err(Wrong::new("neither an absolute path nor `none`").help(format!("write `/…/{word}`")))
            }
            Self::SharedCache => languages::shared_cache(word),
            Self::Mutex => languages::mutex(word),
            Self::RewriteMap => languages::rewrite_map(word),
            Self::Substitution => languages::substitution(word),
            Self::SedCommand => languages::sed_command(word),
            Self::CookieDomain => languages::cookie_domain(word),
            Self::BeginsWithNumber => quantities::begins_with_number(word),
            Self::CookieExpires => languages::cookie_expires(word),
            Self::CertificateAuthority => languages::certificate_authority(word),
            Self::UnixSocket if !word.starts_with("unix:") => {
                Err(Wrong::new("not a socket").help("write `unix:` and the path of a socket"))
            }
            _ => Ok(()),
        }
    }
}

fn is_octal(word: &str) -> bool {
    word.len() <= 6 && word.bytes().all(|digit| matches!(digit, b'0'..=b'7'))
}

fn is_fraction(word: &str) -> bool {
    word.parse::<f64>().is_ok_and(|value| value.is_finite() && value > 0.0)
}

fn flag(word: &str) -> Result<(), Wrong> {
    if word.eq_ignore_ascii_case("on") || word.eq_ignore_ascii_case("off") {
        return Ok(());
    }
    let meant = match word.to_ascii_lowercase().as_str() {
        "1" | "yes" | "true" | "enable" | "enabled" => "write `On`",
        "0" | "no" | "false" | "disable" | "disabled" => "write `Off`",
        _ => "write `On` or `Off`",
    };
    Err(Wrong::new("neither `On` nor `Off`").help(meant))
}

fn number(word: &str, from: u64, to: u64) -> Result<(), Wrong> {
    let digits = word.len() - word.trim_start_matches(|digit: char| digit.is_ascii_digit()).len();
    if digits < word.len() {
        let wrong = Wrong::new("not a whole number");
        let wrong = match digits {
            0 => wrong,
            // C's reader stops at the first character that is no digit.
            _ => wrong.help(format!("Apache reads `{}` and ignores the rest: write the number alone", &word[..digits])),
        };
        let is_taken = read_by_c(word).is_some_and(|value| (from..=to).contains(&value));
        return Err(if is_taken { wrong.taken() } else { wrong });
    }
    match word.parse::<u64>() {
        Ok(value) if (from..=to).contains(&value) => Ok(()),
        Ok(value) if value < from => Err(Wrong::new(format!("below {from}"))),
        // C counts no further, and goes on at the other end.
        _ if to == i32::MAX as u64 => Err(Wrong::new(format!("above {to}")).taken()),
        _ => Err(Wrong::new(format!("above {to}"))),
    }
}

fn zero_or(word: &str, from: u64, to: u64) -> Result<(), Wrong> {
    if read_by_c(word) == Some(0) { number(word, 0, to) } else { number(word, from, to) }
}

/// What C's `atoi` makes of a word, unless it is below 0.
fn read_by_c(word: &str) -> Option<u64> {
    let word = word.trim_start();
    let unsigned = word.trim_start_matches(['-', '+']);
    let digits = unsigned.trim_start_matches(|digit: char| digit.is_ascii_digit());
    let value = match &unsigned[..unsigned.len() - digits.len()] {
        "" => 0,
        number => number.parse().unwrap_or(u64::MAX),
    };
    (value == 0 || !word.starts_with('-')).then_some(value)
}

fn account(word: &str) -> Result<(), Wrong> {
    match word.strip_prefix('#') {
        Some(id) => number(id, 0, u64::from(u32::MAX)),
        None => Ok(()),
    }
}

fn python_name(word: &str) -> Result<(), Wrong> {
    if word.contains('.') {
        let wrong = Wrong::new("looked up as one name, dots included").help("assign it to a plain name in the script");
        return Err(wrong.taken());
    }
    Ok(())
}

/// Whether a word is one of these, whatever its case.
///
/// # Errors
/// With the nearest of them.
pub fn choice(word: &str, choices: &[&'static str]) -> Result<(), Wrong> {
    let is = |choice: &&str| {
        // What ends so has a value.
        let compared = if choice.ends_with('=') { word.get(..choice.len()).unwrap_or(word) } else { word };
        choice.eq_ignore_ascii_case(compared)
    };
    if choices.iter().any(is) {
        return Ok(());
    }
    let wrong = Wrong::new("not one of the choices");
    Err(match (nearest(word, choices.iter().copied()), choices) {
        (Some(near), _) => wrong.help(format!("did you mean `{near}`?")),
        (None, [only]) => wrong.help(format!("write `{only}`")),
        (None, _) => wrong.help(format!("write one of `{}`", choices.join("`, `"))),
    })
}

const LOG_LEVELS: [(&str, LogLevel); 9] = [
    ("emerg", LogLevel::Emerg),
    ("alert", LogLevel::Alert),
    ("crit", LogLevel::Crit),
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("notice", LogLevel::Notice),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace1", LogLevel::Trace),
];

fn log_level(word: &str) -> Result<(), Wrong> {
    let level = word.rsplit(':').next().unwrap_or(word);
    if read_log_level(level).is_some() {
        return Ok(());
    }
    let wrong = Wrong::new("not a log level");
    Err(match nearest(level, LOG_LEVELS.iter().map(|(name, _)| *name)) {
        Some(near) => wrong.help(format!("did you mean `{near}`?")),
        None => wrong.help("the levels are emerg, alert, crit, error, warn, notice, info, debug and trace1 to trace8"),
    })
}

/// A log level without a module.
pub(super) fn read_log_level(word: &str) -> Option<LogLevel> {
    let word = word.to_ascii_lowercase();
    let named = LOG_LEVELS.iter().find(|(name, _)| *name == word).map(|(_, level)| *level);
    let traced = word.strip_prefix("trace").filter(|depth| matches!(depth.as_bytes(), [b'1'..=b'8']));
    named.or_else(|| traced.map(|_| LogLevel::Trace))
}
