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

/// C0, DEL, C1, line and paragraph separators, bidi controls, interlinear annotations, and every character that Unicode says is
/// not shown (Default_Ignorable_Code_Point, with zero-width characters, variation selectors, fillers and tags). Also characters
/// whose width differs between terminals: skin tones and the replacement character.
pub(super) fn is_hidden(c: char) -> bool {
    matches!(c,
        '\0'..='\x1f' | '\x7f'..='\u{9f}' | '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}'
        | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}' | '\u{fffd}' | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}'
        | '\u{1f3fb}'..='\u{1f3ff}' | '\u{e0000}'..='\u{e0fff}')
}

/// The same characters as a class of a regular expression in JavaScript, for pages that show text by a script.
pub(crate) fn hidden_class() -> String {
    let mut class = String::new();
    let mut hidden = ('\0'..=char::MAX).filter(|c| is_hidden(*c)).map(u32::from).peekable();
    while let Some(first) = hidden.next() {
        let mut last = first;
        while let Some(next) = hidden.next_if_eq(&(last + 1)) {
            last = next;
        }
        // Writing to a string cannot fail.
        let _ = fmt::Write::write_fmt(&mut class, format_args!("\\u{{{first:x}}}-\\u{{{last:x}}}"));
    }
    class
}
