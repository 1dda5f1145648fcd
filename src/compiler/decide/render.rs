//! A decision as text: one line a step, with its place, then how it ends.

use std::fmt::Write;

use super::{Answerer, Decision, Outcome};
use crate::plan::Place;

impl Decision {
    /// The story for a person.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let request = &self.request;
        let scheme = if request.https { "https" } else { "http" };
        let host = request.host.as_deref().unwrap_or_default();
        let query = request.query.as_ref().map_or_else(String::new, |query| format!("?{query}"));
        let asked = format!("{} {scheme}://{host}{}{query} from {}", request.method, request.path, request.from);
        line(&mut text, "request", &asked, None);
        let last_sections = self.steps.iter().rposition(|step| step.name == "sections");
        for (index, step) in self.steps.iter().enumerate() {
            if step.name != "sections" {
                line(&mut text, step.name, &step.text, step.place.as_ref());
            } else if Some(index) == last_sections {
                self.sections(&mut text);
            }
        }
        for missed in &self.not_followed {
            let what = format!("{}: {}", missed.directive, missed.why);
            line(&mut text, "not followed here", &what, Some(&missed.place));
        }
        line(&mut text, "outcome", &self.outcome.text(), self.outcome.place.as_ref());
        if !self.not_followed.is_empty() {
            line(&mut text, "", "it may be another one, by what is not followed here", None);
        }
        text
    }

    fn sections(&self, text: &mut String) {
        if self.sections.is_empty() {
            line(text, "sections", "none holds", None);
        }
        for (index, section) in self.sections.iter().enumerate() {
            line(text, if index == 0 { "sections" } else { "" }, &section.section, section.place.as_ref());
            for setting in &section.sets {
                line(text, "", &format!("    {}", setting.directive), Some(&setting.place));
            }
        }
    }
}

impl Outcome {
    fn text(&self) -> String {
        let by = match self.by {
            Answerer::Application => "the application answers",
            Answerer::File => "the file is sent as it is",
            Answerer::Listing => "a list of the folder",
            Answerer::Redirect => "a redirect",
            Answerer::Error => "an error",
            Answerer::Other => "not followed any further",
            Answerer::Nobody => "no connection",
        };
        let status = self.status.map_or_else(String::new, |status| format!("{status}: "));
        let location = self.location.as_ref().map_or_else(String::new, |location| format!(" to {location}"));
        let reason = self.reason.as_ref().map_or_else(String::new, |reason| format!("; {reason}"));
        format!("{status}{by}{location}{reason}")
    }
}

fn line(text: &mut String, name: &str, what: &str, place: Option<&Place>) {
    let place = place.map_or_else(String::new, |place| format!("  [{place}]"));
    // Writing to a String cannot fail.
    let _ = writeln!(text, "{name:<18} {what}{place}");
}
