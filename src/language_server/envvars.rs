//! Debian's `envvars`: the variables that its scripts set before they start Apache.

use std::path::Path;

use crate::compiler::source::Files;

/// The variables with their values, as far as they can be read without a shell. Empty when there is no such file.
pub(super) fn read(files: &dyn Files, path: &Path) -> Vec<(String, String)> {
    let bytes = files.read(path).unwrap_or_default();
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
        let found = read(&files, Path::new("/etc/apache2/envvars"));
        assert_eq!(found, [("A".into(), "/run/apache2".into()), ("C".into(), "x y".into())]);
        assert!(read(&files, Path::new("/nowhere")).is_empty());
    }
}
