//! Makes control characters visible on every way out: screen, log, page, message.
//!
//! What came over the network or from a file may hold sequences that move a terminal's cursor, set its
//! title or reverse the reading order. Shown through [`visible`], they are text like any other.

use std::borrow::Cow;
use std::fmt::Write as _;

/// `text` with control characters written out: `\x1b`, `\u{202e}`; newlines too, so that it is one line.
pub fn visible(text: &str) -> Cow<'_, str> {
    // Nearly all text is plain ASCII, and bytes are looked at faster than characters.
    if text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        if !is_hidden(c) {
            out.push(c);
        } else if (c as u32) < 0x100 {
            // Writing to a string cannot fail, here and below.
            let _ = write!(out, "\\x{:02x}", c as u32);
        } else {
            let _ = write!(out, "\\u{{{:x}}}", c as u32);
        }
    }
    Cow::Owned(out)
}

/// JSON text in which such characters, which stand in strings only, are escaped: the same JSON, for a terminal too.
pub fn escaped_json(json: String) -> String {
    if !json.chars().any(is_hidden) {
        return json;
    }
    let mut out = String::with_capacity(json.len() + 8);
    let mut units = [0; 2];
    for c in json.chars() {
        if is_hidden(c) {
            for unit in c.encode_utf16(&mut units) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        } else {
            out.push(c);
        }
    }
    out
}

/// C0, DEL, C1, line and paragraph separators, bidi controls, zero-width characters, the byte order mark and tags; and what
/// terminals draw in different widths: variation selectors, skin tones, and what stands for bytes that are no text.
fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffd}'
        | '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{1f3fb}'..='\u{1f3ff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_move_a_terminal_is_written_out() {
        assert_eq!(visible("a\x1b]0;title\x07b"), "a\\x1b]0;title\\x07b");
        assert_eq!(visible("\u{9b}31m"), "\\x9b31m");
        assert_eq!(visible("one\r\ntwo"), "one\\x0d\\x0atwo");
        assert_eq!(visible("abc\u{202e}gnp"), "abc\\u{202e}gnp");
        assert_eq!(visible("zero\u{200b}width"), "zero\\u{200b}width");
    }

    #[test]
    fn json_stays_the_same_json() {
        let hostile = serde_json::json!({ "a": "\u{1b}[2J\u{9b}31m\u{202e}\u{e0041}日本語\n" });
        let escaped = escaped_json(hostile.to_string());
        assert!(!escaped.chars().any(is_hidden), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), hostile);
    }

    #[test]
    fn plain_text_of_any_script_is_left_alone() {
        for text in ["/api/cart?q=1", "grüße", "日本語", "👍"] {
            assert!(matches!(visible(text), Cow::Borrowed(_)), "{text}");
        }
    }
}
