//! Command lines for a person to run.

use std::ffi::OsStr;
use std::process::Command;

/// A word as a shell reads it back. A name that is no UTF-8 is shown as near as it can be.
pub(super) fn quoted(word: &OsStr) -> String {
    let word = word.to_string_lossy();
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:=,+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.into_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// A command with its words as a shell reads them.
pub(super) fn line(command: &Command) -> String {
    std::iter::once(command.get_program()).chain(command.get_args()).map(quoted).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_word_means_anything_to_the_shell() {
        for (word, shown) in [
            ("/home/u/ca.pem", "/home/u/ca.pem"),
            ("", "''"),
            ("/home/my user/ca.pem", "'/home/my user/ca.pem'"),
            ("a'b", r"'a'\''b'"),
            ("$(reboot)", "'$(reboot)'"),
            ("~u", "'~u'"),
        ] {
            assert_eq!(quoted(OsStr::new(word)), shown);
        }
    }
}
