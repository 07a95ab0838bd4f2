//! Words and times as HAProxy reads them.

use std::fmt::Write as _;

/// One word of a line, whatever text it is. In double quotes HAProxy reads `$` and the backslash as a shell does, and `\x0a`
/// as the byte (Configuration Manual 2.2 and 2.3).
pub(super) fn word(text: &str) -> String {
    let is_plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.:/@=,+*%()[]<>!~^|?&;".contains(&b);
    if !text.is_empty() && text.bytes().all(is_plain) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' | '$' => quoted.extend(['\\', c]),
            c if c.is_ascii_control() => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\x{:02x}", u32::from(c));
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// One word that a condition compares with: one that begins with a dash would be an option.
pub(super) fn pattern(text: &str) -> String {
    let word = word(text);
    if text.starts_with('-') { format!("-- {word}") } else { word }
}

/// One word that HAProxy takes for a format (8.2.4 there), in which `%` begins what is filled in.
pub(super) fn format_word(text: &str) -> String {
    word(&text.replace('%', "%%"))
}

/// Whether a name can stand between the parentheses of a fetch: commas, quotes and parentheses mean something there.
pub(super) fn fits_a_fetch(name: &str) -> bool {
    !name.bytes().any(|b| b.is_ascii_whitespace() || b.is_ascii_control() || b"(),'\"\\".contains(&b))
}

/// Words that fit on one line beside some others: HAProxy takes 64.
pub(super) const MOST_WORDS: usize = 50;

/// A time.
pub(super) fn time(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_means_something_to_haproxy_is_quoted() {
        assert_eq!(word("/health?deep=1"), "/health?deep=1");
        assert_eq!(word(""), "\"\"");
        assert_eq!(word("a b#'$x\\\"\n"), r#""a b#'\$x\\\"\x0a""#);
        assert_eq!((pattern("-f"), pattern("a-f")), ("-- -f".to_owned(), "a-f".to_owned()));
        assert_eq!(format_word("100%[x]"), "100%%[x]");
    }

    #[test]
    fn times_are_in_seconds_where_they_are_whole_ones() {
        assert_eq!(time(2000), "2s");
        assert_eq!(time(1500), "1500ms");
    }
}
