//! `$` as Apache compiles it (`PCRE2_DOLLAR_ENDONLY`): the very end of a text, not before a newline that ends it. The binding has no
//! such switch, so an expression is rewritten: `$` becomes `\z` where it stands for the end, and stays where `(?m)` is on.

use std::borrow::Cow;
use std::iter::Peekable;
use std::str::CharIndices;

/// The expression with `\z` in the place of each `$` that means the end of the text.
pub(super) fn alone(pattern: &str) -> Cow<'_, str> {
    if !pattern.contains('$') {
        return Cow::Borrowed(pattern);
    }
    let mut made = String::with_capacity(pattern.len() + 8);
    let mut rest = 0;
    for end in ends(pattern) {
        made.push_str(&pattern[rest..end]);
        made.push_str(r"\z");
        rest = end + 1;
    }
    made.push_str(&pattern[rest..]);
    Cow::Owned(made)
}

/// What an option in the expression, such as `(?m)`, switches on until its group ends.
#[derive(Clone, Copy, Default)]
struct Switched {
    /// `m`: `^` and `$` match at each line.
    lines: bool,
    /// `x`: blanks mean nothing, and `#` begins a comment.
    comments: bool,
}

/// Where a `$` stands that means the end of the text.
fn ends(pattern: &str) -> Vec<usize> {
    let mut found = Vec::new();
    let mut around = Vec::new();
    let mut now = Switched::default();
    let mut text = pattern.char_indices().peekable();
    while let Some((at, character)) = text.next() {
        match character {
            '\\' => escaped(pattern, &mut text),
            '[' => class(pattern, &mut text),
            '#' if now.comments => skip_until(&mut text, '\n'),
            '(' => {
                let inside = &pattern[at + 1..];
                if inside.starts_with("?#") {
                    skip_until(&mut text, ')');
                    continue;
                }
                match options(inside, now) {
                    // It holds for what is left of the group around it.
                    Some((length, ')', switched)) => {
                        now = switched;
                        text.by_ref().take(length + 1).for_each(drop);
                    }
                    Some((length, _, switched)) => {
                        around.push(now);
                        now = switched;
                        text.by_ref().take(length + 1).for_each(drop);
                    }
                    None => around.push(now),
                }
            }
            ')' => now = around.pop().unwrap_or_default(),
            '$' if !now.lines => found.push(at),
            _ => {}
        }
    }
    found
}

type Text<'a> = Peekable<CharIndices<'a>>;

/// What follows a backslash: a character, two behind `\c`, or all up to `\E` behind `\Q`.
fn escaped(pattern: &str, text: &mut Text<'_>) {
    match text.next() {
        Some((_, 'c')) => drop(text.next()),
        Some((at, 'Q')) => {
            let behind = at + 1;
            let end = pattern[behind..].find(r"\E").map_or(pattern.len(), |length| behind + length + 2);
            while text.next_if(|(at, _)| *at < end).is_some() {}
        }
        _ => {}
    }
}

/// The rest of a class. A `]` that stands first belongs to it.
fn class(pattern: &str, text: &mut Text<'_>) {
    text.next_if(|(_, character)| *character == '^');
    text.next_if(|(_, character)| *character == ']');
    while let Some((at, character)) = text.next() {
        match character {
            ']' => return,
            '\\' => escaped(pattern, text),
            // `[:alpha:]` is one thing; `[` by itself is a character.
            '[' => {
                let named = pattern[at + 1..].strip_prefix([':', '.', '=']);
                let end = named.and_then(|named| {
                    let length = named.find(']')?;
                    let closes = named[..length].ends_with(&pattern[at + 1..at + 2]);
                    let word = named[..length].trim_end_matches([':', '.', '=']).trim_start_matches('^');
                    (closes && word.bytes().all(|byte| byte.is_ascii_alphanumeric())).then_some(at + 2 + length)
                });
                if let Some(end) = end {
                    while text.next_if(|(at, _)| *at <= end).is_some() {}
                }
            }
            _ => {}
        }
    }
}

/// The options that a group begins with, how long they are, and what ends them: `)` or `:`.
fn options(inside: &str, mut now: Switched) -> Option<(usize, char, Switched)> {
    let letters = inside.strip_prefix('?')?;
    let length = letters.find([')', ':'])?;
    let mut on = true;
    for letter in letters[..length].chars() {
        match letter {
            '^' => now = Switched::default(),
            '-' => on = false,
            'm' => now.lines = on,
            'x' => now.comments = on,
            'a' | 'i' | 'n' | 's' | 'r' | 'D' | 'J' | 'P' | 'S' | 'T' | 'U' | 'W' => {}
            _ => return None,
        }
    }
    Some((length + 1, char::from(letters.as_bytes()[length]), now))
}

fn skip_until(text: &mut Text<'_>, last: char) {
    for (_, character) in text.by_ref() {
        if character == last {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::alone;

    #[test]
    fn a_dollar_that_means_the_end_is_the_very_end() {
        for (written, read) in [
            ("^/a$", r"^/a\z"),
            ("^/a(/|$)b$", r"^/a(/|\z)b\z"),
            (r"a\$b\\$", r"a\$b\\\z"),
            (r"a\Q$\E$\Q$", r"a\Q$\E\z\Q$"),
            (r"\c$$", r"\c$\z"),
            ("[$][]$][^]$][^$]$", r"[$][]$][^]$][^$]\z"),
            ("[[:alpha:]$][[$][a[:x$]$]$", r"[[:alpha:]$][[$][a[:x$]\z]\z"),
            (r"[\]$\Q]$\E]$", r"[\]$\Q]$\E]\z"),
            ("(?m)a$(b$)", "(?m)a$(b$)"),
            ("(?m:a$)b$", r"(?m:a$)b\z"),
            ("(a(?m)b$|c$)d$", r"(a(?m)b$|c$)d\z"),
            ("(?im-s)a$(?-m)b$", r"(?im-s)a$(?-m)b\z"),
            ("(?m)(?^)a$(?:b$)", r"(?m)(?^)a\z(?:b\z)"),
            ("(?i)a$(?=$)(?<n>$)(?P=n)(?(1)$|$)", r"(?i)a\z(?=\z)(?<n>\z)(?P=n)(?(1)\z|\z)"),
            ("(?x)a # ( [ $ \n $", "(?x)a # ( [ $ \n \\z"),
            ("(?#[$)a$", r"(?#[$)a\z"),
            ("\u{e4}$\u{20ac}$", r"ä\z€\z"),
            ("no end", "no end"),
        ] {
            assert_eq!(alone(written), read, "{written}");
        }
    }
}
