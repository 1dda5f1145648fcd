//! Kinds of values. Each is written once: it reads a word, says what is wrong with it, and names its choices.

use super::languages;
use crate::compiler::diagnostic::nearest;
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
    /// A URL path: begins with `/`.
    UrlPath,
    /// `On` or `Off`.
    Flag,
    /// A whole number, from and to.
    Number(u64, u64),
    /// A whole number that may be below zero.
    SignedNumber,
    /// A number of octal digits.
    Octal,
    /// Seconds, or milliseconds with `ms` behind them.
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
}

/// What is wrong with a word.
#[derive(Debug, PartialEq, Eq)]
pub struct Wrong {
    /// What it is not.
    pub label: String,
    /// What to type.
    pub help: Option<String>,
}

impl Wrong {
    /// A word that is not what it should be.
    pub fn new(label: impl Into<String>) -> Self {
        Self { label: label.into(), help: None }
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

impl Kind {
    /// What the manual calls it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Text | Self::AnyText => "text",
            Self::Path => "file path",
            Self::AbsolutePath => "absolute path",
            Self::UrlPath => "URL path",
            Self::Flag => "On|Off",
            Self::Number(..) | Self::SignedNumber => "whole number",
            Self::Octal => "octal number",
            Self::Duration => "seconds",
            Self::Fraction | Self::DecimalFrom(_) => "number",
            Self::Account => "name or #number",
            Self::PythonName => "Python name",
            Self::Choice(_) => "keyword",
            Self::LogLevel => "log level",
            Self::Regex | Self::RewriteTest => "regular expression",
            Self::RewriteFlags | Self::ConditionFlags => "[flags]",
            Self::Status => "HTTP status",
            Self::Expires => "time",
            Self::Network => "network",
            Self::HashSeed => "random|number",
            Self::UnixSocket => "unix:path",
        }
    }

    /// The words that it may be, where there are a few.
    #[must_use]
    pub fn choices(self) -> Vec<&'static str> {
        match self {
            Self::Flag => vec!["On", "Off"],
            Self::Choice(choices) => choices.to_vec(),
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
            Self::UrlPath if !word.starts_with('/') => {
                Err(Wrong::new("does not begin with `/`").help(format!("write `/{word}`")))
            }
            Self::Flag => flag(word),
            Self::Number(from, to) => number(word, from, to),
            Self::SignedNumber => number(word.strip_prefix('-').unwrap_or(word), 0, i32::MAX as u64),
            Self::Octal if !is_octal(word) => {
                Err(Wrong::new("not an octal number").help("write digits from 0 to 7, as in `0027`"))
            }
            Self::Duration => number(word.strip_suffix("ms").unwrap_or(word), 0, i32::MAX as u64),
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
        return Err(match digits {
            0 => wrong,
            // C's reader stops at the first character that is no digit.
            _ => wrong.help(format!("Apache reads `{}` and ignores the rest: write the number alone", &word[..digits])),
        });
    }
    match word.parse::<u64>() {
        Ok(value) if (from..=to).contains(&value) => Ok(()),
        Ok(value) if value < from => Err(Wrong::new(format!("below {from}"))),
        _ => Err(Wrong::new(format!("above {to}"))),
    }
}

fn account(word: &str) -> Result<(), Wrong> {
    match word.strip_prefix('#') {
        Some(id) => number(id, 0, u64::from(u32::MAX)),
        None => Ok(()),
    }
}

fn python_name(word: &str) -> Result<(), Wrong> {
    if word.contains('.') {
        return Err(Wrong::new("looked up as one name, dots included").help("assign it to a plain name in the script"));
    }
    Ok(())
}

/// Whether a word is one of these, whatever its case.
///
/// # Errors
/// With the nearest of them.
pub fn choice(word: &str, choices: &[&'static str]) -> Result<(), Wrong> {
    if choices.iter().any(|choice| choice.eq_ignore_ascii_case(word)) {
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
