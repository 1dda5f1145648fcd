//! What Apache says: asked of `apache2 -t`, or read from what was recorded.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::corpus::{Case, MAIN};

/// What Apache says of a configuration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Verdict {
    Accepted,
    /// The file and line that it names, and its words.
    Refused {
        place: Option<(String, u32)>,
        message: String,
    },
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Accepted => write!(f, "accepted"),
            Self::Refused { place: Some((file, line)), message } => write!(f, "{file}:{line}: {message}"),
            Self::Refused { place: None, message } => write!(f, "{message}"),
        }
    }
}

/// Who is asked.
pub(crate) struct Oracle {
    apache: Option<PathBuf>,
    version: String,
}

/// Where Debian has the modules.
const MODULES: &str = "/usr/lib/apache2/modules";

/// One of these runs, and the other two cannot be loaded beside it.
const OTHER_MPMS: [&str; 2] = ["mpm_prefork_module", "mpm_worker_module"];

/// mod_wsgi 6, as `tests/apache/prepare.sh` builds it.
static WSGI6: LazyLock<Option<PathBuf>> = LazyLock::new(|| {
    let link = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/apache/mod_wsgi.so");
    link.exists().then_some(link)
});

/// `LoadModule` for the modules of the system, without mod_wsgi. Without Apache the names alone, which are recorded.
static LOAD_ALL: LazyLock<Vec<(String, PathBuf)>> = LazyLock::new(|| {
    let recorded = include_str!("modules.txt");
    recorded
        .lines()
        .map(|name| {
            let stem = name.strip_suffix("_module").unwrap_or(name);
            (name.to_owned(), Path::new(MODULES).join(format!("mod_{stem}.so")))
        })
        .collect()
});

/// The lines before the file: modules, and what keeps Apache from complaining about the machine.
pub(crate) fn prologue(case: &Case) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    let load = |name: &str, file: &Path| format!("LoadModule {name} {}", file.display());
    for (name, file) in LOAD_ALL.iter() {
        if !OTHER_MPMS.contains(&name.as_str()) && (!case.bare || name == "mpm_event_module") {
            lines.push(load(name, file));
        }
    }
    let wsgi = match (&*WSGI6, case.wsgi6) {
        (Some(file), true) => file.clone(),
        _ => Path::new(MODULES).join("mod_wsgi.so"),
    };
    if !case.bare {
        lines.push(load("wsgi_module", &wsgi));
    }
    lines.extend(["ServerName localhost", "Listen 127.0.0.1:12345"].map(str::to_owned));
    lines
}

impl Oracle {
    /// Apache, where it is installed.
    pub(crate) fn find() -> Self {
        let apache = ["/usr/sbin/apache2", "/usr/sbin/httpd"].iter().map(PathBuf::from).find(|path| path.exists());
        let apache = apache.filter(|_| Path::new(MODULES).join("mod_wsgi.so").exists());
        let version = apache.as_ref().and_then(|path| Command::new(path).arg("-v").output().ok());
        let version = version.map(|output| String::from_utf8_lossy(&output.stdout).into_owned()).unwrap_or_default();
        let version = version.split("Apache/").nth(1).and_then(|rest| rest.split(' ').next()).unwrap_or_default();
        Self { apache, version: version.to_owned() }
    }

    /// Who it is.
    pub(crate) fn description(&self) -> String {
        match (&self.apache, &*WSGI6) {
            (Some(_), Some(_)) => format!("by Apache {} with mod_wsgi 4.9 and 6", self.version),
            (Some(_), None) => {
                format!(
                    "by Apache {}; those of mod_wsgi 6 as recorded, for `make prepare` did not build it",
                    self.version
                )
            }
            (None, _) => "as recorded, for there is no apache2 with mod_wsgi here".to_owned(),
        }
    }

    /// Whether there is an Apache to ask.
    pub(crate) fn is_here(&self) -> bool {
        self.apache.is_some()
    }

    /// The verdict of each case; `None` where there is neither Apache nor a record.
    pub(crate) fn verdicts(&self, cases: &[Case]) -> Vec<Option<Verdict>> {
        let recorded = recorded();
        let how = std::env::var("APACHE_VERDICTS").unwrap_or_default();
        let asked: Mutex<BTreeMap<&str, Verdict>> = Mutex::new(BTreeMap::new());
        if self.apache.is_some() {
            crate::for_each(cases, |case| {
                let known = how == "new" && recorded.contains_key(&case.name);
                if !known && (!case.wsgi6 || WSGI6.is_some()) {
                    let verdict = self.ask(case);
                    asked.lock().unwrap_or_else(PoisonError::into_inner).insert(&case.name, verdict);
                }
            });
        }
        let asked = asked.into_inner().unwrap_or_else(PoisonError::into_inner);
        let verdict = |case: &Case| asked.get(case.name.as_str()).or_else(|| recorded.get(&case.name)).cloned();
        let verdicts: Vec<Option<Verdict>> = cases.iter().map(verdict).collect();
        if matches!(how.as_str(), "record" | "new") {
            record(cases, &verdicts);
        }
        verdicts
    }

    /// Runs `apache2 -t`.
    pub(crate) fn ask(&self, case: &Case) -> Verdict {
        let program = self.apache.as_ref().expect("asked only where it is");
        let mut command = Command::new(program);
        command.arg("-t").arg("-d").arg(&case.folder).arg("-f").arg(case.folder.join(MAIN));
        // One file instead of a hundred arguments.
        let prologue = case.folder.join(".prologue");
        std::fs::write(&prologue, prologue_text(case)).expect("a file can be written");
        command.arg("-C").arg(format!("Include {}", prologue.display()));
        for name in &case.defines {
            command.arg("-D").arg(name);
        }
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/bin").env("LANG", "C").stdin(Stdio::null());
        let output = command.output().expect("apache2 can be run");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        if output.status.success() {
            return Verdict::Accepted;
        }
        let Verdict::Refused { place, message } = refused(&said, &case.folder) else { return Verdict::Accepted };
        // Long messages are cut off in the middle of a name.
        let place = place.filter(|(file, _)| case.files.iter().any(|(name, _)| name == file));
        Verdict::Refused { place, message }
    }
}

fn prologue_text(case: &Case) -> String {
    prologue(case).iter().map(|line| format!("{line}\n")).collect::<Vec<_>>().concat()
}

/// Reads what a refusal says.
fn refused(said: &str, folder: &Path) -> Verdict {
    let said = said.replace(&format!("{}/", folder.display()), "");
    let mut place = None;
    let mut message = String::new();
    let mut lines = said.lines().peekable();
    while let Some(line) = lines.next() {
        if let Some((_, rest)) = line.rsplit_once("yntax error on line ") {
            let (number, rest) = rest.split_once(" of ").unwrap_or((rest, ""));
            let (file, rest) = in_macro(rest).unwrap_or_else(|| {
                let (file, rest) = rest.split_once(':').unwrap_or((rest, ""));
                ((file.to_owned(), number.parse().unwrap_or_default()), rest.to_owned())
            });
            place = Some(file);
            message = if rest.trim().is_empty() { lines.next().unwrap_or_default().to_owned() } else { rest };
            break;
        }
        if let Some((start, what)) = line.split_once(": <").filter(|(_, what)| what.ends_with("was not closed.")) {
            let (file, number) = start.rsplit_once(':').unwrap_or((start, "0"));
            let file = file.rsplit(' ').next().unwrap_or_default();
            place = Some((file.to_owned(), number.parse().unwrap_or_default()));
            message = format!("<{what}");
            break;
        }
        if !line.starts_with("AH00558") && message.is_empty() {
            line.clone_into(&mut message);
        }
    }
    Verdict::Refused { place, message: message.trim().to_owned() }
}

/// `macro 'f' (defined on line 1 of "httpd.conf") used on line 4 of "httpd.conf"`: the line of the `Use` is what counts.
fn in_macro(rest: &str) -> Option<((String, u32), String)> {
    rest.strip_prefix("macro '")?;
    let (_, used) = rest.rsplit_once(" used on line ")?;
    let (line, rest) = used.split_once(" of \"")?;
    let (file, rest) = rest.split_once('"')?;
    Some(((file.to_owned(), line.parse().ok()?), rest.trim_start_matches(['"', ':']).to_owned()))
}

fn verdicts_file() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/apache/verdicts.tsv")
}

fn recorded() -> BTreeMap<String, Verdict> {
    let text = std::fs::read_to_string(verdicts_file()).unwrap_or_default();
    let rows = text.lines().filter_map(|line| {
        let mut columns = line.split('\t');
        let (name, place, message) = (columns.next()?, columns.next()?, columns.next().unwrap_or_default());
        let verdict = match place {
            "accepted" => Verdict::Accepted,
            place => Verdict::Refused {
                place: place.rsplit_once(':').and_then(|(file, line)| Some((file.to_owned(), line.parse().ok()?))),
                message: message.to_owned(),
            },
        };
        Some((name.to_owned(), verdict))
    });
    rows.collect()
}

fn record(cases: &[Case], verdicts: &[Option<Verdict>]) {
    let rows = cases.iter().zip(verdicts).filter_map(|(case, verdict)| {
        let row = match verdict.as_ref()? {
            Verdict::Accepted => format!("{}\taccepted\n", case.name),
            Verdict::Refused { place, message } => {
                let place = place.as_ref().map_or("refused".to_owned(), |(file, line)| format!("{file}:{line}"));
                format!("{}\t{place}\t{}\n", case.name, message.replace(['\t', '\n'], " "))
            }
        };
        Some(row)
    });
    std::fs::write(verdicts_file(), rows.collect::<String>()).expect("the record can be written");
}
