//! The characters that are never shown as they are.

use std::fmt;

/// Writes text with its control characters written out.
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

/// Whether text holds no character that is written out.
pub(super) fn is_plain(text: &str) -> bool {
    // Nearly all text is plain ASCII, and bytes are looked at faster than characters.
    text.bytes().all(|b| (b' '..0x7f).contains(&b)) || !text.chars().any(is_hidden)
}

/// C0, DEL, C1, line and paragraph separators, bidi controls, zero-width characters, the byte order mark and tags; and what
/// terminals draw in different widths: variation selectors, skin tones, and what stands for bytes that are no text.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{fffd}'
        | '\u{e0000}'..='\u{e007f}' | '\u{fe00}'..='\u{fe0f}' | '\u{e0100}'..='\u{e01ef}' | '\u{1f3fb}'..='\u{1f3ff}')
}
