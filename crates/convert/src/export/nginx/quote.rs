//! Any text as one word of an nginx configuration.

/// Stands for `$` in values that nginx looks for variables in: it has no way to escape one.
pub(super) const DOLLAR: &str = "${dollar}";

/// A word that nginx takes as it is.
pub(super) fn word(text: &str) -> String {
    let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_./:=@[]+*!^,&?%<>()|".contains(&b);
    if !text.is_empty() && text.bytes().all(plain) {
        return text.to_owned();
    }
    let mut quoted = String::from('"');
    let mut rest = text.chars().peekable();
    while let Some(c) = rest.next() {
        match c {
            '"' => quoted.push_str("\\\""),
            '\n' => quoted.push_str("\\n"),
            '\r' => quoted.push_str("\\r"),
            '\t' => quoted.push_str("\\t"),
            // Before other letters a backslash stands for itself, as regular expressions have it.
            '\\' if rest.peek().is_none_or(|next| matches!(next, '"' | '\'' | '\\' | 't' | 'r' | 'n')) => {
                quoted.push_str("\\\\");
            }
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// Text that stands within a value that nginx looks for variables in. Where it holds a `$`, the file must define
/// [`DOLLAR`].
pub(super) fn literal(text: &str) -> String {
    text.replace('$', DOLLAR)
}

/// A regular expression (PCRE) that matches this text.
pub(super) fn pattern(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        if "\\^$.[]|()?*+{}".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    escaped
}

/// A text on the left side of a `map`, where some have a meaning of their own.
pub(super) fn map_key(text: &str) -> String {
    let special = matches!(text, "default" | "hostnames" | "include" | "volatile") || text.starts_with(['~', '\\']);
    word(&if special { format!("\\{text}") } else { text.to_owned() })
}

/// Stands for no limit: nginx has no word for that.
pub(super) const NO_LIMIT: &str = "24d";

/// A time, from milliseconds.
pub(super) fn time(millis: u64) -> String {
    if millis.is_multiple_of(1000) { format!("{}s", millis / 1000) } else { format!("{millis}ms") }
}

/// A time where nginx takes whole seconds alone: no shorter than it is.
pub(super) fn seconds(millis: u64) -> String {
    format!("{}s", millis.div_ceil(1000).max(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nginx_could_take_for_something_else_is_quoted() {
        for (text, expected) in [
            ("127.0.0.1:5000", "127.0.0.1:5000"),
            ("[::1]:5000", "[::1]:5000"),
            ("", "\"\""),
            ("a b", "\"a b\""),
            ("x;}", "\"x;}\""),
            ("#", "\"#\""),
            ("it's", "\"it's\""),
            ("\"", "\"\\\"\""),
            ("a\nb", "\"a\\nb\""),
            ("end\\", "\"end\\\\\""),
            ("\\n", "\"\\\\n\""),
            ("\\\\", "\"\\\\\\\\\""),
            ("~^a\\.b$", "\"~^a\\.b$\""),
        ] {
            assert_eq!(word(text), expected, "{text}");
        }
    }

    #[test]
    fn a_word_of_maps_own_is_taken_as_text() {
        assert_eq!(map_key("default"), "\"\\default\"");
        assert_eq!(map_key("~x"), "\"\\~x\"");
        assert_eq!(map_key("websocket"), "websocket");
    }

    #[test]
    fn a_pattern_matches_its_text_alone() {
        assert_eq!(pattern("lb.$id%"), "lb\\.\\$id%");
    }
}
