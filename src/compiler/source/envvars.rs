//! Debian's `envvars`: the variables that its scripts set before they start Apache.

use std::path::Path;

use super::Files;

/// The variables of the `envvars` that lies beside a configuration or in the folder above, as far as they can be read
/// without a shell. Empty when there is none.
pub fn envvars(files: &dyn Files, configuration: &Path) -> Vec<(String, String)> {
    let mut folders = configuration.ancestors().skip(1).take(2);
    let bytes = folders.find_map(|folder| files.read(&folder.join("envvars")).ok()).unwrap_or_default();
    String::from_utf8_lossy(&bytes).lines().filter_map(variable).collect()
}

/// `export NAME=VALUE`. `$SUFFIX` is what tells a second server on one host from the first.
fn variable(line: &str) -> Option<(String, String)> {
    let (name, value) = line.trim().strip_prefix("export ")?.split_once('=')?;
    let value = value.trim_matches(['"', '\'']).replace("${SUFFIX}", "").replace("$SUFFIX", "");
    (!value.contains(['$', '`'])).then(|| (name.trim().to_owned(), value))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compiler::source::Memory;

    #[test]
    fn what_needs_a_shell_is_left_out() {
        let mut files = Memory::default();
        let text =
            "unset HOME\nexport A=/run/apache2$SUFFIX\n# export B=1\nexport C=\"x y\"\nexport D=$(pwd)\nexport LANG\n";
        files.add("/etc/apache2/envvars", text);
        let found = envvars(&files, Path::new("/etc/apache2/apache2.conf"));
        assert_eq!(found, [("A".into(), "/run/apache2".into()), ("C".into(), "x y".into())]);
        assert_eq!(envvars(&files, Path::new("/etc/apache2/sites-available/shop.conf")), found);
        assert!(envvars(&files, Path::new("/nowhere/apache2.conf")).is_empty());
    }
}
