//! Apache's expressions (Apache, Expressions in Apache HTTP Server): whether Apache would read one. Nothing is evaluated.

use super::super::diagnostic::nearest;

/// What is wrong with an expression.
#[derive(Debug, PartialEq, Eq)]
pub struct Mistake {
    /// In a few words.
    pub label: String,
    /// What to type.
    pub help: Option<String>,
}

/// Reads a condition.
///
/// # Errors
/// With the first mistake.
pub fn check(text: &str) -> Result<(), Mistake> {
    read(text, "")
}

/// Reads the condition of `SSLRequire`, where the variables of `mod_ssl` have no `SSL:` before them.
///
/// # Errors
/// With the first mistake.
pub fn check_of_tls(text: &str) -> Result<(), Mistake> {
    read(text, "SSL_")
}

fn read(text: &str, further: &'static str) -> Result<(), Mistake> {
    let mut reader = Reader { text, at: 0, depth: 0, further };
    reader.alternatives()?;
    reader.blanks();
    match reader.rest().chars().next() {
        None => Ok(()),
        Some(next) => Err(mistake(format!("`{next}` is not expected here"))),
    }
}

const DEEPEST: usize = 64;

const VARIABLES: &str = "HTTP_ACCEPT HTTP_COOKIE HTTP_FORWARDED HTTP_HOST HTTP_PROXY_CONNECTION HTTP_REFERER \
    HTTP_USER_AGENT REQUEST_METHOD REQUEST_SCHEME REQUEST_URI REQUEST_FILENAME DOCUMENT_URI LAST_MODIFIED \
    SCRIPT_FILENAME SCRIPT_USER SCRIPT_GROUP PATH_INFO QUERY_STRING IS_SUBREQ THE_REQUEST REQUEST_STATUS \
    REQUEST_LOG_ID REMOTE_ADDR REMOTE_PORT REMOTE_HOST REMOTE_USER REMOTE_IDENT SERVER_NAME SERVER_PORT SERVER_ADMIN \
    SERVER_PROTOCOL SERVER_PROTOCOL_VERSION SERVER_PROTOCOL_VERSION_MAJOR SERVER_PROTOCOL_VERSION_MINOR DOCUMENT_ROOT \
    AUTH_TYPE CONTENT_TYPE HANDLER HTTPS HTTP2 IPV6 CONN_LOG_ID CONN_REMOTE_ADDR CONTEXT_PREFIX \
    CONTEXT_DOCUMENT_ROOT TIME TIME_YEAR TIME_MON TIME_DAY TIME_HOUR TIME_MIN TIME_SEC TIME_WDAY SERVER_SOFTWARE \
    API_VERSION";

const FUNCTIONS: &str = "req http req_novary resp reqenv osenv env note tolower toupper escape unescape base64 unbase64 md5 sha1 \
    file filesize ldap SSL";

const STRING_OPERATORS: [&str; 8] = ["==", "!=", "<=", ">=", "=~", "!~", "<", ">"];
const WORD_OPERATORS: &str = "eq ne lt le gt ge in -eq -ne -lt -le -gt -ge -in -ipmatch -fnmatch -strmatch -strcmatch";

struct Reader<'a> {
    text: &'a str,
    at: usize,
    depth: usize,
    /// How further variables begin, where there are any.
    further: &'static str,
}

type Read = Result<(), Mistake>;

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    fn blanks(&mut self) {
        self.at = self.text.len() - self.rest().trim_start().len();
    }

    fn symbol(&mut self, symbol: &str) -> bool {
        self.blanks();
        let found = self.rest().starts_with(symbol);
        self.at += if found { symbol.len() } else { 0 };
        found
    }

    /// The letters and what else may stand in a keyword.
    fn peek_word(&mut self) -> &'a str {
        self.blanks();
        let rest = self.rest();
        let dash = usize::from(rest.starts_with('-'));
        let end =
            rest[dash..].find(|next: char| !next.is_ascii_alphanumeric() && next != '_').unwrap_or(rest.len() - dash);
        &rest[..dash + end]
    }

    fn keyword(&mut self, word: &str) -> bool {
        let found = self.peek_word() == word;
        self.at += if found { word.len() } else { 0 };
        found
    }

    fn alternatives(&mut self) -> Read {
        self.all_of()?;
        while self.symbol("||") || self.keyword("or") {
            self.all_of()?;
        }
        Ok(())
    }

    fn all_of(&mut self) -> Read {
        self.one()?;
        while self.symbol("&&") || self.keyword("and") {
            self.one()?;
        }
        Ok(())
    }

    fn one(&mut self) -> Read {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(mistake("nested too deep"));
        }
        let read = self.one_inner();
        self.depth -= 1;
        read
    }

    fn one_inner(&mut self) -> Read {
        self.blanks();
        if self.symbol("!") || self.keyword("not") {
            return self.one();
        }
        if self.symbol("(") {
            self.alternatives()?;
            return if self.symbol(")") { Ok(()) } else { Err(mistake("a parenthesis is not closed")) };
        }
        if self.keyword("true") || self.keyword("false") {
            return Ok(());
        }
        let word = self.peek_word();
        if let Some(letter) = word.strip_prefix('-').filter(|_| !WORD_OPERATORS.split(' ').any(|known| known == word)) {
            self.at += word.len();
            if letter.len() == 1 && "nzTRdefsLhxFUA".contains(letter) {
                let address = letter == "R";
                let start = self.at;
                self.value()?;
                return if address { network(&self.text[start..self.at]) } else { Ok(()) };
            }
            return Err(mistake(format!("there is no operator `{word}`")));
        }
        self.value()?;
        self.comparison()
    }

    fn comparison(&mut self) -> Read {
        self.blanks();
        let word = self.peek_word();
        if !word.is_empty() && WORD_OPERATORS.split(' ').any(|known| known == word) {
            self.at += word.len();
            return match word {
                "in" | "-in" => self.list(),
                "-ipmatch" => {
                    let start = self.at;
                    self.value()?;
                    network(&self.text[start..self.at])
                }
                _ => self.value(),
            };
        }
        for operator in STRING_OPERATORS {
            if self.symbol(operator) {
                return if operator.ends_with('~') { self.regex() } else { self.value() };
            }
        }
        if self.symbol("=") {
            return self.value();
        }
        Err(match self.rest().chars().next() {
            None => {
                mistake("a value alone is no condition").help("compare it: `%{NAME} == 'text'`, or ask `-n %{NAME}`")
            }
            Some(next) => mistake(format!("an operator is expected, not `{next}`")),
        })
    }

    /// A word, and others joined to it by a point.
    fn value(&mut self) -> Read {
        self.single()?;
        while self.symbol(".") {
            self.single()?;
        }
        Ok(())
    }

    fn single(&mut self) -> Read {
        self.blanks();
        let rest = self.rest();
        let mut characters = rest.chars();
        match characters.next() {
            Some(quote @ ('\'' | '"')) => self.string(quote),
            Some('%') if rest.starts_with("%{") => self.variable(),
            Some('$') if characters.next().is_some_and(|digit| digit.is_ascii_digit()) => {
                self.at += 2;
                Ok(())
            }
            Some(digit) if digit.is_ascii_digit() => {
                self.at += rest.find(|next: char| !next.is_ascii_digit()).unwrap_or(rest.len());
                Ok(())
            }
            Some('-') if rest[1..].starts_with(|digit: char| digit.is_ascii_digit()) => {
                self.at += 1;
                self.single()
            }
            Some(letter) if letter.is_ascii_alphabetic() => self.function(),
            Some(other) => Err(mistake(format!("`{other}` begins no value"))),
            None => Err(mistake("the expression ends too early").help("put quotes around the whole expression")),
        }
    }

    fn function(&mut self) -> Read {
        let name = self.peek_word();
        self.at += name.len();
        if !self.symbol("(") {
            let found = mistake(format!("`{name}` is no value"));
            return Err(match name.to_ascii_lowercase().as_str() {
                "true" | "false" => found.help("write it in lower case"),
                _ => found.help(format!("put quotes around text: `'{name}'`")),
            });
        }
        known_function(name)?;
        self.value()?;
        if self.symbol(")") { Ok(()) } else { Err(mistake("a parenthesis is not closed")) }
    }

    fn string(&mut self, quote: char) -> Read {
        self.at += 1;
        while let Some(next) = self.rest().chars().next() {
            if next == quote {
                self.at += 1;
                return Ok(());
            }
            if next == '\\' {
                self.at += 1 + self.rest()[1..].chars().next().map_or(0, char::len_utf8);
            } else if self.rest().starts_with("%{") {
                self.variable()?;
            } else {
                self.at += next.len_utf8();
            }
        }
        Err(mistake("a quote is not closed"))
    }

    fn variable(&mut self) -> Read {
        let rest = self.rest();
        let Some(end) = rest.find('}') else { return Err(mistake("`%{` is not closed")) };
        let name = &rest[2..end];
        self.at += end + 1;
        if let Some((function, _)) = name.split_once(':') {
            return known_function(function);
        }
        let begins = name.get(..self.further.len()).is_some_and(|start| start.eq_ignore_ascii_case(self.further));
        if !self.further.is_empty() && begins {
            return Ok(());
        }
        if VARIABLES.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name)) {
            return Ok(());
        }
        let found = mistake(format!("there is no variable `{name}`"));
        let header = name.to_ascii_uppercase();
        Err(match (nearest(name, VARIABLES.split_ascii_whitespace()), header.strip_prefix("HTTP_")) {
            (Some(near), _) => found.help(format!("did you mean `%{{{near}}}`?")),
            (None, Some(header)) => found.help(format!("write `%{{HTTP:{}}}`", header.replace('_', "-"))),
            (None, None) => found.help(format!("for a variable of the request write `reqenv('{name}')`")),
        })
    }

    fn list(&mut self) -> Read {
        if !self.symbol("{") {
            return self.list_function();
        }
        self.value()?;
        while self.symbol(",") {
            self.value()?;
        }
        if self.symbol("}") { Ok(()) } else { Err(mistake("the list is not closed")) }
    }

    /// The one function that returns a list.
    fn list_function(&mut self) -> Read {
        let name = self.peek_word();
        self.at += name.len();
        if !self.symbol("(") {
            return Err(mistake("a list must follow").help("write `{'one', 'other'}`"));
        }
        if !name.eq_ignore_ascii_case("PeerExtList") {
            return Err(mistake(format!("there is no function `{name}` that returns a list")));
        }
        self.value()?;
        if self.symbol(")") { Ok(()) } else { Err(mistake("a parenthesis is not closed")) }
    }

    /// `/…/`, or `m` and another delimiter.
    fn regex(&mut self) -> Read {
        self.blanks();
        let rest = self.rest();
        let body = rest.strip_prefix('m').unwrap_or(rest);
        let delimiter = body.chars().next().filter(|next| body.len() < rest.len() || *next == '/');
        let Some(delimiter) = delimiter.filter(|next| "/#$%^,;:_?|-!.'\"".contains(*next)) else {
            return Err(mistake("a regular expression must follow").help("write `/…/` or `m#…#`"));
        };
        let start = self.at + (rest.len() - body.len()) + 1;
        let Some(length) = self.text[start..].find(delimiter) else {
            return Err(mistake("the regular expression is not closed"));
        };
        let pattern = &self.text[start..start + length];
        self.at = start + length + 1;
        while self.rest().starts_with(['i', 's', 'm', 'g']) {
            self.at += 1;
        }
        super::read_regex(pattern).map_err(|_| mistake("the regular expression cannot be read"))
    }
}

fn known_function(name: &str) -> Read {
    const HEADERS: [&str; 4] = ["HTTP", "ENV", "LA-U", "LA-F"];
    let known = FUNCTIONS.split_ascii_whitespace().any(|known| known.eq_ignore_ascii_case(name));
    if known || HEADERS.iter().any(|known| known.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let near = nearest(name, FUNCTIONS.split_ascii_whitespace()).map(|near| format!("did you mean `{near}`?"));
    Err(Mistake { label: format!("there is no function `{name}`"), help: near })
}

/// An address or network that is written out.
fn network(written: &str) -> Read {
    let text = written.trim();
    let Some(text) = ['\'', '"'].iter().find_map(|quote| text.strip_prefix(*quote)?.strip_suffix(*quote)) else {
        return Ok(());
    };
    if text.contains('%') || super::access::network(text).is_some() {
        return Ok(());
    }
    Err(mistake(format!("`{text}` is no address or network")))
}

fn mistake(label: impl Into<String>) -> Mistake {
    Mistake { label: label.into(), help: None }
}

impl Mistake {
    fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}
