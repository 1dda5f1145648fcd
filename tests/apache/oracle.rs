//! What Apache says: asked of `apache2 -t`, or read from what was recorded.

use std::collections::BTreeMap;
use std::fmt;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::corpus::{Case, Loaded, MAIN};

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

/// What others need that are loaded alone.
const NEEDED: [&str; 15] = [
    "access_compat",
    "alias",
    "auth_basic",
    "authn_core",
    "authz_core",
    "cache",
    "dav",
    "dbd",
    "dir",
    "ldap",
    "mime",
    "proxy",
    "session",
    "slotmem_shm",
    "socache_shmcb",
];

/// mod_wsgi 6, as `tests/apache/prepare.sh` builds it.
static WSGI6: LazyLock<Option<PathBuf>> = LazyLock::new(|| built("mod_wsgi.so"));

/// The module by which one Apache judges many configurations.
static EACH: LazyLock<Option<PathBuf>> = LazyLock::new(|| built("mod_each.so"));

fn built(name: &str) -> Option<PathBuf> {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("target/apache").join(name);
    file.exists().then_some(file)
}

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
        if is_loaded(name.strip_suffix("_module").unwrap_or(name), &case.modules) {
            lines.push(load(name, file));
        }
    }
    let debian = Path::new(MODULES).join("mod_wsgi.so");
    let wsgi = match &*WSGI6 {
        Some(file) if case.wsgi6 || !debian.exists() => file.clone(),
        _ => debian,
    };
    if is_loaded("wsgi", &case.modules) {
        lines.push(load("wsgi_module", &wsgi));
    }
    lines.extend(["ServerName localhost", "Listen 127.0.0.1:12345"].map(str::to_owned));
    lines
}

/// Whether a module is loaded, by its name without `_module`.
fn is_loaded(stem: &str, modules: &Loaded) -> bool {
    // One of these runs, and the other two cannot be loaded beside it.
    if let Some(mpm) = stem.strip_prefix("mpm_") {
        let files = if let Loaded::With(files) = modules { files } else { "" };
        let is_named = |mpm: &str| files.split(',').any(|file| file.strip_suffix(".c") == Some(mpm));
        let wanted = ["event", "worker", "prefork"].into_iter().find(|mpm| is_named(mpm));
        return mpm == wanted.unwrap_or("event");
    }
    match modules {
        Loaded::All => true,
        Loaded::CompiledIn => false,
        Loaded::With(files) => {
            let named = files.split(',').any(|file| {
                let file = file.trim_end_matches(".c").trim_start_matches("mod_");
                file == stem || file.strip_prefix(stem).is_some_and(|rest| rest.starts_with('_'))
            });
            named || NEEDED.contains(&stem)
        }
    }
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

    /// Its version.
    pub(crate) fn version(&self) -> &str {
        &self.version
    }

    /// The verdict of each case; `None` where there is neither Apache nor a record.
    pub(crate) fn verdicts(&self, cases: &[Case]) -> Vec<Option<Verdict>> {
        let recorded = recorded();
        let how = std::env::var("APACHE_VERDICTS").unwrap_or_default();
        let mut asked: BTreeMap<&str, Verdict> = BTreeMap::new();
        if self.apache.is_some() {
            let known = |case: &Case| how == "new" && recorded.contains_key(&case.name);
            let ask = cases.iter().filter(|case| !known(case) && (!case.wsgi6 || WSGI6.is_some()));
            let ask: Vec<&Case> = ask.collect();
            asked = ask.iter().map(|case| case.name.as_str()).zip(self.ask(&ask)).collect();
        }
        let verdict = |case: &Case| asked.get(case.name.as_str()).or_else(|| recorded.get(&case.name)).cloned();
        let verdicts: Vec<Option<Verdict>> = cases.iter().map(verdict).collect();
        if matches!(how.as_str(), "record" | "new") {
            record(cases, &verdicts);
        }
        verdicts
    }

    /// Asks about each of some configurations.
    pub(crate) fn ask(&self, cases: &[&Case]) -> Vec<Verdict> {
        let mut groups: BTreeMap<Vec<String>, Vec<&Case>> = BTreeMap::new();
        let mut alone = Vec::new();
        for case in cases {
            match &*EACH {
                Some(_) if case.defines.is_empty() => groups.entry(prologue(case)).or_default().push(case),
                _ => alone.push(*case),
            }
        }
        let verdicts = Mutex::new(BTreeMap::new());
        let keep = |case: &Case, verdict| {
            verdicts.lock().unwrap_or_else(PoisonError::into_inner).insert(case.folder.clone(), verdict);
        };
        crate::for_each(&alone, |case| keep(case, self.ask_alone(case)));
        // So that two run at the same time where all have the same modules.
        let groups: Vec<(&Vec<String>, &[&Case])> =
            groups.iter().flat_map(|(lines, cases)| cases.chunks(250).map(move |cases| (lines, cases))).collect();
        crate::for_each(&groups, |(lines, cases)| {
            for (case, verdict) in cases.iter().zip(self.ask_together(lines, cases)) {
                keep(case, verdict);
            }
        });
        let mut verdicts = verdicts.into_inner().unwrap_or_else(PoisonError::into_inner);
        cases.iter().map(|case| verdicts.remove(&case.folder).expect("each was asked about")).collect()
    }

    /// `apache2 -t` for a server root.
    fn command(&self, root: &Path, prologue: &Path) -> Command {
        let mut command = Command::new(self.apache.as_ref().expect("asked only where it is"));
        command.arg("-t").arg("-d").arg(root).arg("-f").arg(root.join(MAIN));
        // One file instead of a hundred arguments.
        command.arg("-C").arg(format!("Include {}", prologue.display()));
        command.env_clear().env("PATH", "/usr/sbin:/usr/bin:/bin").env("LANG", "C");
        // Names that are made up are looked up: nobody is to wait long for that.
        command.env("RES_OPTIONS", "attempts:1 timeout:1");
        command
    }

    /// Starts an Apache for one configuration.
    fn ask_alone(&self, case: &Case) -> Verdict {
        let file = case.folder.join(".prologue");
        std::fs::write(&file, text(&prologue(case))).expect("a file can be written");
        let mut command = self.command(&case.folder, &file);
        for name in &case.defines {
            command.arg("-D").arg(name);
        }
        let output = command.stdin(Stdio::null()).output().expect("apache2 can be run");
        verdict(case, output.status.success(), &String::from_utf8_lossy(&output.stderr), &case.folder)
    }

    /// Starts one Apache for all, which load the same modules.
    fn ask_together(&self, prologue: &[String], cases: &[&Case]) -> Vec<Verdict> {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let (current, file) = (folder.path().join("current"), folder.path().join("prologue"));
        let module = EACH.as_ref().expect("asked only where it is");
        let load =
            [format!("LoadModule each_module {}", module.display()), format!("EachFolder {}", current.display())];
        std::fs::write(&file, text(prologue) + &text(&load)).expect("a file can be written");
        let mut command = self.command(&current, &file);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("apache2 can be run");
        let mut folders = child.stdin.take().expect("it is a pipe");
        let mut answers = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let judged = cases.iter().map(|case| {
            writeln!(folders, "{}", case.folder.display()).expect("it reads until the end");
            let status = answers.next().expect("it answers").expect("it can be read");
            let said = std::fs::read(case.folder.join(".said")).expect("the answer is there");
            verdict(case, status == "0", &String::from_utf8_lossy(&said), &current)
        });
        let judged = judged.collect();
        drop(folders);
        child.wait().expect("it ends");
        judged
    }
}

/// What Apache said of a case.
fn verdict(case: &Case, accepted: bool, said: &str, root: &Path) -> Verdict {
    if accepted {
        return Verdict::Accepted;
    }
    let Verdict::Refused { place, message } = refused(said, root) else { return Verdict::Accepted };
    // Long messages are cut off in the middle of a name.
    let place = place.filter(|(file, _)| case.files.iter().any(|(name, _)| name == file));
    Verdict::Refused { place, message }
}

fn text(lines: &[String]) -> String {
    lines.iter().flat_map(|line| [line.as_str(), "\n"]).collect()
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
        let (name, verdict) = line.split_once('\t')?;
        Some((name.to_owned(), read_verdict(verdict)?))
    });
    rows.collect()
}

fn record(cases: &[Case], verdicts: &[Option<Verdict>]) {
    let rows = cases
        .iter()
        .zip(verdicts)
        .filter_map(|(case, verdict)| Some(format!("{}\t{}\n", case.name, write_verdict(verdict.as_ref()?))));
    std::fs::write(verdicts_file(), rows.collect::<String>()).expect("the record can be written");
}

/// The columns of a verdict: where, or how, and the message.
pub(crate) fn write_verdict(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Accepted => "accepted".to_owned(),
        Verdict::Refused { place, message } => {
            let place = place.as_ref().map_or("refused".to_owned(), |(file, line)| format!("{file}:{line}"));
            format!("{place}\t{}", message.replace(['\t', '\n'], " "))
        }
    }
}

/// Reads what `write_verdict` wrote.
pub(crate) fn read_verdict(columns: &str) -> Option<Verdict> {
    let mut columns = columns.split('\t');
    let (place, message) = (columns.next()?, columns.next().unwrap_or_default());
    Some(match place {
        "accepted" => Verdict::Accepted,
        place => Verdict::Refused {
            place: place.rsplit_once(':').and_then(|(file, line)| Some((file.to_owned(), line.parse().ok()?))),
            message: message.to_owned(),
        },
    })
}
