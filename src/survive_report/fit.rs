//! Text in a number of columns.

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

/// The text, without its middle where it is wider: both ends of a path tell most.
pub(super) fn cut_middle(text: &str, columns: usize) -> String {
    if text.width() <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(1);
    let end: String = taken(text.chars().rev(), room / 2).into_iter().rev().collect();
    let begin: String = taken(text.chars(), room - end.width()).into_iter().collect();
    format!("{begin}…{end}")
}

/// As many of the characters as fit.
fn taken(characters: impl Iterator<Item = char>, columns: usize) -> Vec<char> {
    let mut left = columns;
    let fits = |c: &char| {
        let width = c.width().unwrap_or_default();
        let fits = width <= left;
        left = left.saturating_sub(width);
        fits
    };
    characters.take_while(fits).collect()
}

/// The text, padded to this width.
pub(super) fn padded(text: &str, columns: usize) -> String {
    format!("{text}{}", " ".repeat(columns.saturating_sub(text.width())))
}

/// The text in lines of at most so many columns: between words, and within those that are wider themselves.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        let line = lines.last_mut().expect("there is one from the start");
        if line.is_empty() || line.width() + 1 + word.width() <= columns {
            if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(word);
        } else {
            lines.push(word.to_owned());
        }
        while lines.last().is_some_and(|line| line.width() > columns.max(2)) {
            let line = lines.pop().unwrap_or_default();
            let begin: String = taken(line.chars(), columns.max(2)).into_iter().collect();
            let rest = line[begin.len()..].to_owned();
            lines.extend([begin, rest]);
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_keeps_both_its_ends() {
        assert_eq!(cut_middle("/api/v1/orders/17/items", 11), "/api/…items");
        assert_eq!(cut_middle("/api", 4), "/api");
        assert_eq!(cut_middle("/日本語日本語", 6), "/日…語");
    }

    #[test]
    fn lines_break_between_words_and_within_what_is_too_wide() {
        assert_eq!(wrapped("session lost (302 /login)", 13), ["session lost", "(302 /login)"]);
        assert_eq!(wrapped("a abcdefgh", 5), ["a", "abcde", "fgh"]);
    }
}
