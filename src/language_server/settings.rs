//! What the client may set, under the name `wsgiCheck`.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::compiler::{Judge, Options};

/// The settings of a workspace.
#[derive(Debug, Clone, Default)]
pub(super) struct Settings {
    /// `main`: the configurations that Apache is started with.
    pub(super) mains: Vec<PathBuf>,
    /// `pages`: where the pages of the findings are, without their names.
    pub(super) pages: Option<String>,
    /// How all files are compiled.
    pub(super) options: Options,
}

impl Settings {
    /// Reads settings over those of the command line. What is not of the right kind is left as it was.
    pub(super) fn read(value: &Value, command_line: &Options, root: Option<&Path>) -> Self {
        let value = value.get("wsgiCheck").unwrap_or(value);
        let mut settings = Self { options: command_line.clone(), ..Self::default() };
        let options = &mut settings.options;
        let absolute = |name: String| root.map_or_else(|| PathBuf::from(&name), |root| root.join(&name));
        settings.mains = strings(&value["main"]).map(absolute).collect();
        settings.pages = strings(&value["pages"]).next().map(|pages| pages.trim_end_matches('/').to_owned());
        options.defines.extend(strings(&value["defines"]));
        if let Some(server_root) = value["serverRoot"].as_str().filter(|root| !root.is_empty()) {
            options.server_root = Some(absolute(server_root.to_owned()));
        }
        for (name, value) in value["environment"].as_object().into_iter().flatten() {
            options.environment.extend(value.as_str().map(|value| (name.clone(), value.to_owned())));
        }
        // What is edited here seldom runs here.
        options.no_files |= !value["files"].as_bool().unwrap_or(false);
        options.pedantic = value["pedantic"].as_bool().unwrap_or(options.pedantic);
        options.judge = match value["for"].as_str() {
            Some("apache") => Judge::Apache,
            Some("wsgi-serve") => Judge::WsgiServe,
            _ => options.judge,
        };
        settings
    }
}

/// One string, or a list of them.
fn strings(value: &Value) -> impl Iterator<Item = String> {
    let one = value.as_str().filter(|text| !text.is_empty());
    let many = value.as_array().into_iter().flatten().filter_map(Value::as_str);
    one.into_iter().chain(many).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn settings_are_read_with_and_without_their_name() {
        let inner = json!({ "main": "httpd.conf", "defines": ["SSL"], "environment": { "A": "1" }, "pedantic": true, "files": true });
        for value in [json!({ "wsgiCheck": inner }), inner.clone()] {
            let settings = Settings::read(&value, &Options::default(), Some(Path::new("/srv")));
            assert_eq!(settings.mains, [Path::new("/srv/httpd.conf")]);
            assert_eq!(settings.options.defines, ["SSL"]);
            assert_eq!(settings.options.environment["A"], "1");
            assert!(settings.options.pedantic && !settings.options.no_files);
        }
    }

    #[test]
    fn what_is_of_the_wrong_kind_changes_nothing() {
        let value = json!({ "main": 7, "defines": "", "environment": [], "pedantic": "yes", "for": "nginx" });
        let settings = Settings::read(&value, &Options::default(), None);
        assert!(settings.mains.is_empty() && settings.options.defines.is_empty() && !settings.options.pedantic);
        assert!(settings.options.no_files);
    }
}
