//! Which sections match a request, and the settings that they add up to (Apache, Configuration Sections, merging).

use std::io;

use crate::decision::sections::Matcher;
use crate::plan::Host;
use crate::plan::sections::Settings;

/// The sections of a host, ready to be compared.
#[derive(Debug)]
pub(super) struct Sections {
    base: Settings,
    sections: Vec<Compiled>,
}

#[derive(Debug)]
struct Compiled {
    matches: Vec<Matcher>,
    settings: Settings,
    by_location: bool,
}

/// Which of the sections by location match a path: equal answers mean equal settings for the same file.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Locations(Vec<bool>);

impl Sections {
    /// Prepares the sections of a host.
    ///
    /// # Errors
    /// A pattern that the compiler let pass and this machine refuses.
    pub(super) fn new(host: &Host) -> io::Result<Self> {
        let mut sections = Vec::with_capacity(host.sections.len());
        for section in &host.sections {
            let matches = section
                .matches
                .iter()
                .map(Matcher::new)
                .collect::<Result<Vec<_>, String>>()
                .map_err(|reason| io::Error::other(format!("{}: {reason}", section.place)))?;
            let by_location = matches.iter().any(Matcher::is_location);
            sections.push(Compiled { matches, settings: section.settings.clone(), by_location });
        }
        Ok(Self { base: host.settings.clone(), sections })
    }

    /// Which sections by location match.
    pub(super) fn locations(&self, url_path: &[u8]) -> Locations {
        let by_location = self.sections.iter().filter(|section| section.by_location);
        Locations(by_location.map(|section| section.matches(b"", url_path)).collect())
    }

    /// Which sections of any kind match a file reached by a path.
    pub(super) fn matching(&self, file: &[u8], url_path: &[u8]) -> Locations {
        Locations(self.sections.iter().map(|section| section.matches(file, url_path)).collect())
    }

    /// What these sections add up to.
    pub(super) fn settings_of(&self, matching: &Locations) -> Settings {
        let mut settings = self.base.clone();
        for (section, _) in self.sections.iter().zip(&matching.0).filter(|(_, matches)| **matches) {
            settings.overlay(&section.settings);
        }
        settings
    }

    /// All that holds for a file reached by a path. `file` is empty where no file is known.
    pub(super) fn settings(&self, file: &[u8], url_path: &[u8]) -> Settings {
        let mut settings = self.base.clone();
        for section in self.sections.iter().filter(|section| section.matches(file, url_path)) {
            settings.overlay(&section.settings);
        }
        settings
    }
}

impl Compiled {
    fn matches(&self, file: &[u8], url_path: &[u8]) -> bool {
        self.matches.iter().all(|matcher| matcher.matches(file, url_path))
    }
}
