//! The characters that are escaped when untrusted text is shown.

use std::fmt;

/// Writes text with hidden characters escaped: `\x1b`, `\u{202e}`.
pub(super) fn write_out(text: &str, to: &mut impl fmt::Write) -> fmt::Result {
    for c in text.chars() {
        if !is_hidden(c) {
            to.write_char(c)?;
        } else if (c as u32) < 0x100 {
            write!(to, "\\x{:02x}", c as u32)?;
        } else {
            write!(to, "\\u{{{:x}}}", c as u32)?;
        }
    }
    Ok(())
}

/// Whether text contains no character that has to be escaped.
pub(super) fn is_plain(text: &str) -> bool {
    // Fast path: nearly all text is plain ASCII.
    text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !text.chars().any(is_hidden)
}

/// C0, DEL, C1, line and paragraph separators, bidi controls, zero-width characters, the byte order mark and tags. Also
/// characters whose width differs between terminals: variation selectors, skin tones and the replacement character.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffd}'
        | '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{1f3fb}'..='\u{1f3ff}')
}
