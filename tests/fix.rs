//! What `--fix` makes of the cases, and the laws of repairs over all of them.

mod case;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use wsgi_httpd::compiler::source::{Files, Memory, Overlay};
use wsgi_httpd::compiler::{Options, compile};
use wsgi_httpd::fix::{Fixed, fix};

fn fixed(files: &dyn Files, options: &Options) -> Fixed {
    fix(files, Path::new(case::MAIN), options, |_| true).expect("the main file is there")
}

#[test]
fn repairs() {
    insta::glob!("cases/fix/*.conf", |path| {
        let case = case::read(path);
        let fixed = fixed(&case.files, &case.options);
        let mut text = String::new();
        for changed in &fixed.changed {
            let (before, after) = (String::from_utf8_lossy(&changed.before), String::from_utf8_lossy(&changed.after));
            let name = changed.path.to_string_lossy();
            let diff = similar::TextDiff::from_lines(before.as_ref(), after.as_ref());
            write!(text, "{}", diff.unified_diff().header(&name, &name)).expect("writing to a string cannot fail");
        }
        insta::assert_snapshot!(format!("{text}----\n{}", fixed.compiled.concise()));
    });
}

/// Those whose instructions `case` reads.
fn all_cases() -> Vec<PathBuf> {
    const STAGES: [&str; 8] = ["check", "expand", "fix", "ignore", "lower", "plan", "site", "syntax"];
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let mut found = Vec::new();
    for stage in STAGES.map(|stage| root.join(stage)) {
        found
            .extend(std::fs::read_dir(stage).expect("it is a folder").map(|case| case.expect("it can be read").path()));
    }
    found.sort();
    found
}

fn codes(compiled: &wsgi_httpd::compiler::Compiled) -> BTreeMap<&'static str, usize> {
    let mut counts = BTreeMap::new();
    for found in compiled.report.iter() {
        *counts.entry(found.code.name).or_default() += 1;
    }
    counts
}

/// Compiled anew from the texts that came of it: what was put right is gone, and nothing new came.
#[test]
fn what_is_fixed_is_gone_and_nothing_new_comes() {
    let mut repaired = 0;
    for path in all_cases() {
        let case = case::read(&path);
        let before = codes(&case.compile());
        let fixed = fixed(&case.files, &case.options);
        let mut overlay = Overlay::new(&case.files);
        for changed in &fixed.changed {
            overlay.put(&changed.path, changed.after.clone());
        }
        let again = compile(&overlay, Path::new(case::MAIN), &case.options).expect("the main file is there");
        let after = codes(&again);
        for (name, count) in &after {
            assert!(before.get(name).is_some_and(|known| count <= known), "{}: {name} is new", path.display());
        }
        let total = |counts: &BTreeMap<_, usize>| counts.values().sum::<usize>();
        assert!(total(&after) + fixed.repaired <= total(&before), "{}", path.display());
        assert_eq!(fixed.repaired > 0, !fixed.changed.is_empty(), "{}", path.display());
        repaired += fixed.repaired;
    }
    assert!(repaired > 50, "only {repaired} repairs were seen");
}

/// Every line that is in both texts stands in the same order, and no byte of it changed; line ends stay what they are.
#[test]
fn windows_line_ends_are_kept() {
    let windows = |text: &[u8]| String::from_utf8_lossy(text).replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
    for path in all_cases() {
        let case = case::read(&path);
        let plain = fixed(&case.files, &case.options);
        let mut files = Memory::default();
        let mut texts = Overlay::new(&files);
        for source in case.compile().sources.iter().filter(|source| case.files.read(&source.path).is_ok()) {
            let text = case.files.read(&source.path).expect("it was read before");
            texts.put(&source.path, windows(&text));
        }
        let texts: Vec<_> = texts.texts().map(|(path, text)| (path.to_owned(), text.to_vec())).collect();
        let mixed = texts.iter().any(|(_, text)| text.windows(3).any(|three| three == b"\\\r\n") || !text.is_ascii());
        for (path, text) in texts {
            files.add(path, text);
        }
        if mixed || path.ends_with("include_too_deep.conf") {
            continue;
        }
        let other = fixed(&files, &case.options);
        let expected: Vec<_> = plain.changed.iter().map(|changed| (&changed.path, windows(&changed.after))).collect();
        let found: Vec<_> = other.changed.iter().map(|changed| (&changed.path, changed.after.clone())).collect();
        assert_eq!(found.len(), expected.len(), "{}", path.display());
        for ((name, found), (_, expected)) in found.iter().zip(&expected) {
            let (found, expected) = (String::from_utf8_lossy(found), String::from_utf8_lossy(expected));
            assert_eq!(found, expected, "{} {}", path.display(), name.display());
        }
    }
}

/// Asks Apache itself, where it is installed, whether it takes a configuration.
struct Apache {
    folder: tempfile::TempDir,
}

impl Apache {
    fn here() -> Option<Self> {
        let found = Command::new("apache2").arg("-v").output().is_ok_and(|output| output.status.success());
        let modules = Path::new("/usr/lib/apache2/modules/mod_wsgi.so").exists();
        (found && modules).then(|| Self { folder: tempfile::tempdir().expect("there is room for a folder") })
    }

    fn takes(&self, text: &[u8]) -> bool {
        const MODULES: [&str; 9] = [
            "mpm_event:mod_mpm_event",
            "authz_core:mod_authz_core",
            "authz_host:mod_authz_host",
            "access_compat:mod_access_compat",
            "alias:mod_alias",
            "env:mod_env",
            "dir:mod_dir",
            "setenvif:mod_setenvif",
            "wsgi:mod_wsgi",
        ];
        let conf = self.folder.path().join("httpd.conf");
        std::fs::write(&conf, text).expect("there is room for a file");
        let mut command = Command::new("apache2");
        for module in MODULES {
            let (name, file) = module.split_once(':').expect("a name and a file");
            command.arg("-C").arg(format!("LoadModule {name}_module /usr/lib/apache2/modules/{file}.so"));
        }
        command.args(["-C", "ServerName localhost", "-C", "PidFile /dev/null", "-C", "ErrorLog /dev/null"]);
        command.arg("-d").arg(self.folder.path()).arg("-t").arg("-f").arg(conf);
        command.output().expect("apache2 starts").status.success()
    }
}

/// A repair takes nothing from Apache that it took before, and gives it some that it refused.
#[test]
#[allow(clippy::print_stdout)]
fn apache_takes_what_it_took_before() {
    let Some(apache) = Apache::here() else {
        println!("skipped: apache2 with mod_wsgi is not installed");
        return;
    };
    let (mut taken, mut gained) = (0, 0);
    for path in all_cases() {
        let case = case::read(&path);
        let text = case.files.read(Path::new(case::MAIN)).expect("the main file is there");
        // What it includes does not exist on this machine, and what it loads is loaded.
        let loads = String::from_utf8_lossy(&text).lines().any(|line| {
            let line = line.trim_start().to_ascii_lowercase();
            ["include", "loadmodule", "serverroot", "user", "group"].iter().any(|name| line.starts_with(name))
        });
        let fixed = fixed(&case.files, &case.options);
        let [changed] = fixed.changed.as_slice() else { continue };
        if loads || changed.path != Path::new(case::MAIN) {
            continue;
        }
        let (before, after) = (apache.takes(&changed.before), apache.takes(&changed.after));
        assert!(after || !before, "{}: Apache refuses it after the repair", path.display());
        taken += usize::from(before);
        gained += usize::from(!before && after);
    }
    assert!(taken >= 5 && gained >= 5, "{taken} were taken before, {gained} only after");
}
