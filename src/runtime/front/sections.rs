//! Which sections match a request, and the settings that they add up to (Apache, Configuration Sections, merging).

use std::io;

use crate::decision::sections::Matcher;
use crate::plan::Host;
use crate::plan::sections::{Match, Settings};

/// The sections of a host, ready to be compared.
#[derive(Debug)]
pub(super) struct Sections {
    base: Settings,
    compiled: Vec<Compiled>,
    /// Whether it matters that sections of a step are merged with each other first: `AuthMerging`.
    in_steps: bool,
}

#[derive(Debug)]
struct Compiled {
    matches: Vec<Matcher>,
    settings: Settings,
    by_location: bool,
    step: usize,
}

/// Folders, files, locations.
const STEPS: usize = 3;

/// Which of the sections by location match a path: equal answers mean equal settings for the same file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Locations(Vec<bool>);

impl Sections {
    /// Prepares the sections of a host.
    ///
    /// # Errors
    /// A pattern that the compiler let pass and this machine refuses.
    pub(super) fn new(host: &Host) -> io::Result<Self> {
        let mut compiled = Vec::with_capacity(host.sections.len());
        for section in &host.sections {
            let matches = section
                .matches
                .iter()
                .map(Matcher::new)
                .collect::<Result<Vec<_>, String>>()
                .map_err(|reason| io::Error::other(format!("{}: {reason}", section.place)))?;
            let by_location = matches.iter().any(Matcher::is_location);
            let step = section.matches.last().map_or(0, step_of);
            compiled.push(Compiled { matches, settings: section.settings.clone(), by_location, step });
        }
        let in_steps = compiled.iter().any(|section: &Compiled| section.settings.merging.is_some());
        Ok(Self { base: host.settings.clone(), compiled, in_steps })
    }

    /// Whether any section, or what stands outside of them, is so.
    pub(super) fn any(&self, is_so: impl Fn(&Settings) -> bool) -> bool {
        is_so(&self.base) || self.compiled.iter().any(|section| is_so(&section.settings))
    }

    /// Which sections by location match.
    pub(super) fn locations(&self, url_path: &[u8]) -> Locations {
        let by_location = self.compiled.iter().filter(|section| section.by_location);
        Locations(by_location.map(|section| section.matches(b"", url_path)).collect())
    }

    /// Which sections of any kind match a file reached by a path.
    pub(super) fn matching(&self, file: &[u8], url_path: &[u8]) -> Locations {
        Locations(self.compiled.iter().map(|section| section.matches(file, url_path)).collect())
    }

    /// What these sections add up to.
    pub(super) fn settings_of(&self, matching: &Locations) -> Settings {
        let matching = self.compiled.iter().zip(&matching.0).filter(|(_, matches)| **matches);
        self.merged(matching.map(|(section, _)| section))
    }

    /// All that holds for a file reached by a path. `file` is empty where no file is known.
    pub(super) fn settings(&self, file: &[u8], url_path: &[u8]) -> Settings {
        self.merged(self.compiled.iter().filter(|section| section.matches(file, url_path)))
    }

    fn merged<'a>(&self, matching: impl Iterator<Item = &'a Compiled>) -> Settings {
        let mut settings = self.base.clone();
        if !self.in_steps {
            matching.for_each(|section| settings.overlay(&section.settings));
            return settings;
        }
        let mut steps: [Settings; STEPS] = Default::default();
        matching.for_each(|section| steps[section.step].overlay(&section.settings));
        for step in &steps {
            settings.overlay(step);
        }
        settings
    }
}

fn step_of(one: &Match) -> usize {
    match one {
        Match::Directory(_) | Match::DirectoryPattern(_) | Match::DirectoryRegex(_) => 0,
        Match::Files(_) | Match::FilesRegex(_) => 1,
        Match::Location(_) | Match::LocationPattern(_) | Match::LocationRegex(_) => 2,
    }
}

impl Compiled {
    fn matches(&self, file: &[u8], url_path: &[u8]) -> bool {
        self.matches.iter().all(|matcher| matcher.matches(file, url_path))
    }
}
