//! A question of a case.

/// `#: ask PATH key=value…`.
#[derive(Debug, Default)]
pub(crate) struct Question {
    /// As it is written.
    pub(crate) text: String,
    pub(crate) path: String,
    pub(crate) method: String,
    /// `Host`; `PORT` in it stands for the port.
    pub(crate) host: Option<String>,
    /// At the second port.
    pub(crate) second: bool,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    pub(crate) headers: Vec<(String, String)>,
    /// The answer must name something that is not followed, and is not compared.
    pub(crate) uncertain: bool,
}

impl Question {
    pub(crate) fn read(text: &str) -> Self {
        let mut words = text.split_whitespace();
        let path = words.next().expect("a path").to_owned();
        let mut question = Self { text: text.to_owned(), path, method: "GET".to_owned(), ..Self::default() };
        for word in words {
            let (key, value) = word.split_once('=').unwrap_or((word, ""));
            let value = value.to_owned();
            match key {
                "method" => question.method = value,
                "host" => question.host = Some(value),
                "port" => question.second = value == "2",
                "from" => question.from = Some(value),
                "to" => question.to = Some(value),
                "header" => {
                    let (name, value) = value.split_once(':').expect("Name:value");
                    question.headers.push((name.to_owned(), value.to_owned()));
                }
                "uncertain" => question.uncertain = true,
                other => panic!("no such word: {other}"),
            }
        }
        question
    }
}
