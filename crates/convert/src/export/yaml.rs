//! YAML.

use std::fmt::Write as _;

/// Any text as a double-quoted scalar (YAML 1.2, 7.3.1), which is a string to every reader and ends where it should. What a
/// reader could not see, or would see in another order, is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() + 2);
    quoted.push('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            c if is_seen(c) => quoted.push(c),
            // Writing to a string cannot fail.
            c if u32::from(c) > 0xffff => _ = write!(quoted, "\\U{:08x}", u32::from(c)),
            c => _ = write!(quoted, "\\u{:04x}", u32::from(c)),
        }
    }
    quoted.push('"');
    quoted
}

/// Whether a character may stand in a file as itself (YAML 1.2, 5.1): not control characters, other ends of a line, marks of
/// the byte order and of the direction, and what is no character.
fn is_seen(c: char) -> bool {
    let is_hidden =
        matches!(c, '\u{2028}'..='\u{202e}' | '\u{200b}'..='\u{200f}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
    !c.is_control() && !is_hidden && u32::from(c) & 0xfffe != 0xfffe
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn what_is_harmless_stands_as_it_is() {
        for text in ["", "alpha", "127.0.0.1", "a: b # c", "{x}", "$HOME", "Straße", "é 漢字 😀", "yes", "it's"] {
            assert_eq!(quoted(text), format!("\"{text}\""));
        }
    }

    #[test]
    fn what_would_end_it_or_hide_in_it_is_escaped() {
        assert_eq!(quoted("a\"b\\c"), r#""a\"b\\c""#);
        assert_eq!(quoted("a\nb\tc\rd\0"), r#""a\nb\tc\u000dd\u0000""#);
        assert_eq!(quoted("\u{7f}\u{85}\u{2028}\u{202e}\u{feff}\u{ffff}"), r#""\u007f\u0085\u2028\u202e\ufeff\uffff""#);
        assert_eq!(quoted("\u{1ffff}"), r#""\U0001ffff""#);
    }
}
