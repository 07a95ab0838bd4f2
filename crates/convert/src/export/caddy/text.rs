//! Text of the configuration in a Caddyfile.
//!
//! Caddy replaces `{$NAME}` everywhere before it reads anything, `{args[0]}` where a snippet is imported, and other
//! placeholders while it serves, with rules of their own for a backslash before a brace: text with a brace is written nowhere
//! but in a regular expression, where it has another spelling.

use std::fmt::Write as _;

/// A text as one token, or `None` where Caddy would not read it as it is.
pub(super) fn token(text: &str) -> Option<String> {
    if text.contains(['{', '}']) || text.contains(char::is_control) {
        return None;
    }
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./:,+=*@%!?&~^|()".contains(c);
    match text {
        _ if !text.is_empty() && text.chars().all(plain) && !text.starts_with('@') => Some(text.to_owned()),
        // Within quotes a backslash means something before a quote alone. Caddy's own formatter breaks text in backquotes.
        _ if !text.contains("\\\"") && !text.ends_with('\\') => Some(format!("\"{}\"", text.replace('"', "\\\""))),
        _ if !text.contains('`') => Some(format!("`{text}`")),
        _ => None,
    }
}

/// A regular expression that matches this text, and nothing in it that a Caddyfile or a placeholder is made of.
pub(super) fn pattern(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            _ if c.is_ascii_alphanumeric() || "-_/:,=@%!&~ ".contains(c) => pattern.push(c),
            '.' | '+' | '*' | '?' | '(' | ')' | '[' | ']' | '^' | '$' | '|' => pattern.extend(['\\', c]),
            // All others as the number of their character, quotes and braces among them.
            _ if c.is_ascii() => write!(pattern, "\\x{:02x}", u32::from(c)).expect("a String takes all"),
            _ => pattern.push(c),
        }
    }
    pattern
}

/// A name in a comment or a sentence, in which Caddy replaces `{$NAME}` as well.
pub(super) fn name(name: &str) -> String {
    name.replace("{$", "{ $")
}

/// A time.
pub(super) fn duration(millis: u64) -> String {
    // Zero means for ever.
    match millis.max(1) {
        millis if millis % 1000 == 0 => format!("{}s", millis / 1000),
        millis => format!("{millis}ms"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_text_ends_its_token_or_is_replaced() {
        for (text, written) in [
            ("/a", Some("/a")),
            ("a b", Some("\"a b\"")),
            ("", Some("\"\"")),
            ("#a", Some("\"#a\"")),
            ("<<E", Some("\"<<E\"")),
            ("a\"b", Some("\"a\\\"b\"")),
            ("a\\b", Some("\"a\\b\"")),
            ("a\\\"b", Some("`a\\\"b`")),
            ("a\\", Some("`a\\`")),
            ("a`\"", Some("\"a`\\\"\"")),
            ("a`\\", None),
            ("{env.X}", None),
            ("{$X}", None),
            ("a\nb", None),
        ] {
            assert_eq!(token(text).as_deref(), written, "{text}");
        }
    }

    #[test]
    fn a_pattern_has_nothing_that_means_something_elsewhere() {
        assert_eq!(pattern("lb.$id%"), "lb\\.\\$id%");
        assert_eq!(pattern("{$X}`\"\\"), "\\x7b\\$X\\x7d\\x60\\x22\\x5c");
        assert_eq!(pattern("é\n"), "é\\x0a");
    }
}
