//! How interpreters are made and ended: directives of the whole server, and `<WSGIInterpreterOptions>`.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// What holds for the interpreters of every process.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interpreters {
    /// `WSGIPerInterpreterGIL`: sub-interpreters get a GIL each, where Python can.
    pub own_gil: bool,
    /// `WSGISwitchInterval`, or a process group's `switch-interval`, in microseconds; `None` leaves Python's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_interval_us: Option<u64>,
    /// `WSGIDestroyInterpreter Off`: a process ends without ending its interpreters.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub undestroyed: bool,
    /// `WSGIFreeThreading`.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub free_threading: bool,
    /// `WSGICaseSensitivity Off`: interpreters and modules are called after scripts and their paths in lower case.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub case_insensitive: bool,
    /// What applications may not do.
    #[serde(default, skip_serializing_if = "Restrictions::say_nothing")]
    pub restrictions: Restrictions,
    /// `<WSGIInterpreterOptions>`, in file order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub options: Vec<InterpreterOptions>,
}

/// One `<WSGIInterpreterOptions>`. Names are compared as they stand; the empty one is embedded mode, or the main interpreter.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct InterpreterOptions {
    /// Only processes of this group.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub process_group: Option<String>,
    /// Only this interpreter.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub application_group: Option<String>,
    /// `WSGIPerInterpreterGIL`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own_gil: Option<bool>,
    /// `WSGISwitchInterval`, microseconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub switch_interval_us: Option<u64>,
    /// `WSGIFreeThreading`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub free_threading: Option<bool>,
    /// `WSGIPythonPath`.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub python_path: Vec<PathBuf>,
    /// What applications may not do.
    #[serde(default, skip_serializing_if = "Restrictions::say_nothing")]
    pub restrictions: Restrictions,
}

/// What applications may not do in an interpreter. `None` where nothing is said of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restrictions {
    /// `WSGIRestrictStdin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdin: Option<bool>,
    /// `WSGIRestrictStdout`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stdout: Option<bool>,
    /// `WSGIRestrictSignal`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signal: Option<bool>,
}

impl Restrictions {
    fn say_nothing(&self) -> bool {
        *self == Self::default()
    }
}

impl Interpreters {
    /// Whether `sys.stdin` of an interpreter may not be used.
    #[must_use]
    pub fn restricts_stdin(&self, process_group: &str, application_group: &str) -> bool {
        self.restricts(process_group, application_group, |restrictions| restrictions.stdin).unwrap_or(false)
    }

    /// Whether `sys.stdout` of an interpreter may not be used.
    #[must_use]
    pub fn restricts_stdout(&self, process_group: &str, application_group: &str) -> bool {
        self.restricts(process_group, application_group, |restrictions| restrictions.stdout).unwrap_or(false)
    }

    /// Whether `signal.signal()` does nothing in an interpreter: so it is unless something else is said.
    #[must_use]
    pub fn restricts_signal(&self, process_group: &str, application_group: &str) -> bool {
        self.restricts(process_group, application_group, |restrictions| restrictions.signal).unwrap_or(true)
    }

    fn restricts(
        &self,
        process_group: &str,
        application_group: &str,
        of: impl Fn(&Restrictions) -> Option<bool>,
    ) -> Option<bool> {
        let said = self.said(process_group, application_group, |options| of(&options.restrictions));
        said.or(of(&self.restrictions))
    }

    /// Whether an interpreter has a GIL of its own.
    #[must_use]
    pub fn own_gil(&self, process_group: &str, application_group: &str) -> bool {
        let said = self.said(process_group, application_group, |options| options.own_gil);
        !application_group.is_empty() && said.unwrap_or(self.own_gil)
    }

    /// The switch interval of an interpreter, microseconds.
    #[must_use]
    pub fn switch_interval_us(&self, process_group: &str, application_group: &str) -> Option<u64> {
        let said = self.said(process_group, application_group, |options| options.switch_interval_us);
        said.or(self.switch_interval_us)
    }

    /// Whether the processes of a group are to run without a GIL.
    #[must_use]
    pub fn free_threading(&self, process_group: &str) -> bool {
        let of_process =
            |options: &InterpreterOptions| options.free_threading.filter(|_| options.application_group.is_none());
        self.said(process_group, "", of_process).unwrap_or(self.free_threading)
    }

    /// The folders that come before all others on the path of an interpreter, those of the most specific options first.
    #[must_use]
    pub fn python_path(&self, process_group: &str, application_group: &str) -> Vec<PathBuf> {
        let mut fitting: Vec<_> = self.fitting(process_group, application_group).collect();
        fitting.sort_by_key(|options| std::cmp::Reverse(options.specificity()));
        fitting.into_iter().flat_map(|options| options.python_path.iter().cloned()).collect()
    }

    /// What the most specific options say, of equals the last.
    fn said<T>(
        &self,
        process_group: &str,
        application_group: &str,
        of: impl Fn(&InterpreterOptions) -> Option<T>,
    ) -> Option<T> {
        let fitting = self.fitting(process_group, application_group);
        let said = fitting.filter_map(|options| Some((options.specificity(), of(options)?)));
        said.max_by_key(|(specificity, _)| *specificity).map(|(_, value)| value)
    }

    fn fitting<'a>(
        &'a self,
        process_group: &'a str,
        application_group: &'a str,
    ) -> impl Iterator<Item = &'a InterpreterOptions> {
        let fits = |wanted: &Option<String>, name: &str| wanted.as_ref().is_none_or(|wanted| wanted == name);
        self.options.iter().filter(move |options| {
            fits(&options.process_group, process_group) && fits(&options.application_group, application_group)
        })
    }
}

impl InterpreterOptions {
    fn specificity(&self) -> usize {
        usize::from(self.process_group.is_some()) + usize::from(self.application_group.is_some())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(process_group: Option<&str>, application_group: Option<&str>, number: u64) -> InterpreterOptions {
        InterpreterOptions {
            process_group: process_group.map(str::to_owned),
            application_group: application_group.map(str::to_owned),
            own_gil: Some(number % 2 == 1),
            switch_interval_us: Some(number),
            free_threading: Some(true),
            python_path: vec![PathBuf::from(format!("/{number}"))],
            restrictions: Restrictions { stdin: Some(number % 2 == 1), ..Restrictions::default() },
        }
    }

    #[test]
    fn the_most_specific_options_count() {
        let interpreters = Interpreters {
            switch_interval_us: Some(9),
            options: vec![
                options(Some("shop"), Some("one"), 3),
                options(Some("shop"), None, 2),
                options(None, Some("one"), 5),
                options(Some("shop"), None, 4),
            ],
            ..Interpreters::default()
        };
        assert_eq!(interpreters.switch_interval_us("shop", "one"), Some(3));
        assert_eq!(interpreters.switch_interval_us("shop", ""), Some(4));
        assert_eq!(interpreters.switch_interval_us("other", "one"), Some(5));
        assert_eq!(interpreters.switch_interval_us("other", ""), Some(9));
        assert!(interpreters.own_gil("shop", "one") && !interpreters.own_gil("shop", "two"));
        assert!(interpreters.free_threading("shop") && !interpreters.free_threading("other"));
        let path = |process, application| interpreters.python_path(process, application);
        assert_eq!(path("shop", "one"), ["/3", "/2", "/5", "/4"].map(PathBuf::from));
        assert!(path("other", "").is_empty());
        assert!(interpreters.restricts_stdin("shop", "one") && !interpreters.restricts_stdin("shop", ""));
        assert!(!interpreters.restricts_stdout("shop", "one") && interpreters.restricts_signal("shop", "one"));
    }

    #[test]
    fn the_main_interpreter_has_the_gil_of_the_process() {
        let interpreters = Interpreters { own_gil: true, ..Interpreters::default() };
        assert!(interpreters.own_gil("shop", "one") && !interpreters.own_gil("shop", ""));
    }
}
