//! Letters and digits three rows high, for a room: five pixels, two in each row of the screen.

use crate::screen::glyphs::Glyphs;

/// Rows of a letter on the screen.
pub(super) const ROWS: u16 = 3;

/// Pixels of a space.
const SPACE: usize = 2;

/// What there is, five rows of pixels each. Letters are capitals; `m` and `s` are those of units.
const FONT: &[(char, [&str; 5])] = &[
    ('0', ["###", "#.#", "#.#", "#.#", "###"]),
    ('1', [".#.", "##.", ".#.", ".#.", "###"]),
    ('2', ["###", "..#", "###", "#..", "###"]),
    ('3', ["###", "..#", ".##", "..#", "###"]),
    ('4', ["#.#", "#.#", "###", "..#", "..#"]),
    ('5', ["###", "#..", "###", "..#", "###"]),
    ('6', ["###", "#..", "###", "#.#", "###"]),
    ('7', ["###", "..#", "..#", "..#", "..#"]),
    ('8', ["###", "#.#", "###", "#.#", "###"]),
    ('9', ["###", "#.#", "###", "..#", "###"]),
    ('A', [".#.", "#.#", "###", "#.#", "#.#"]),
    ('B', ["##.", "#.#", "##.", "#.#", "##."]),
    ('C', [".##", "#..", "#..", "#..", ".##"]),
    ('D', ["##.", "#.#", "#.#", "#.#", "##."]),
    ('E', ["###", "#..", "##.", "#..", "###"]),
    ('F', ["###", "#..", "##.", "#..", "#.."]),
    ('G', [".##", "#..", "#.#", "#.#", ".##"]),
    ('H', ["#.#", "#.#", "###", "#.#", "#.#"]),
    ('I', ["###", ".#.", ".#.", ".#.", "###"]),
    ('J', ["..#", "..#", "..#", "#.#", ".#."]),
    ('K', ["#.#", "#.#", "##.", "#.#", "#.#"]),
    ('L', ["#..", "#..", "#..", "#..", "###"]),
    ('M', ["#...#", "##.##", "#.#.#", "#...#", "#...#"]),
    ('N', ["#..#", "##.#", "#.##", "#..#", "#..#"]),
    ('O', [".##.", "#..#", "#..#", "#..#", ".##."]),
    ('P', ["##.", "#.#", "##.", "#..", "#.."]),
    ('Q', [".##.", "#..#", "#..#", "#.##", ".###"]),
    ('R', ["##.", "#.#", "##.", "#.#", "#.#"]),
    ('S', [".##", "#..", ".#.", "..#", "##."]),
    ('T', ["###", ".#.", ".#.", ".#.", ".#."]),
    ('U', ["#.#", "#.#", "#.#", "#.#", ".##"]),
    ('V', ["#.#", "#.#", "#.#", "#.#", ".#."]),
    ('W', ["#...#", "#...#", "#.#.#", "##.##", "#...#"]),
    ('X', ["#.#", "#.#", ".#.", "#.#", "#.#"]),
    ('Y', ["#.#", "#.#", ".#.", ".#.", ".#."]),
    ('Z', ["###", "..#", ".#.", "#..", "###"]),
    ('m', [".....", ".....", "####.", "#.#.#", "#.#.#"]),
    ('s', ["...", ".##", "#..", "..#", "##."]),
    ('%', ["#.#", "..#", ".#.", "#..", "#.#"]),
    ('/', ["..#", "..#", ".#.", "#..", "#.."]),
    ('.', [".", ".", ".", ".", "#"]),
    ('-', ["...", "...", "###", "...", "..."]),
    ('_', ["...", "...", "...", "...", "###"]),
    ('|', ["#", "#", "#", "#", "#"]),
];

/// The pixels of a character; `None` if there are none.
fn pixels(c: char) -> Option<[&'static str; 5]> {
    let (_, rows) = FONT.iter().find(|(known, _)| *known == c)?;
    Some(*rows)
}

/// A text as the font has it: letters as capitals, but for the units behind figures.
fn letters(text: &str) -> impl Iterator<Item = char> + '_ {
    let is_figure = text.starts_with(|c: char| c.is_ascii_digit());
    text.chars().map(move |c| match c {
        '–' => '-',
        c if is_figure => c,
        c => c.to_ascii_uppercase(),
    })
}

/// The columns of a text, one between two letters; `None` if it has a character that the font has not.
pub(super) fn width(text: &str) -> Option<usize> {
    let mut columns = 0;
    for c in letters(text) {
        columns += 1 + if c == ' ' { SPACE } else { pixels(c).or_else(|| pixels(c.to_ascii_uppercase()))?[0].len() };
    }
    Some(columns.saturating_sub(1))
}

/// The three rows of a text; `None` if it has a character that the font has not.
pub(super) fn rows(text: &str, glyphs: Glyphs) -> Option<[String; ROWS as usize]> {
    let mut rows = [const { String::new() }; ROWS as usize];
    for (n, c) in letters(text).enumerate() {
        let blank = [""; 5];
        let pixels = if c == ' ' { blank } else { pixels(c).or_else(|| pixels(c.to_ascii_uppercase()))? };
        let columns = if c == ' ' { SPACE } else { pixels[0].len() };
        for (row, line) in rows.iter_mut().enumerate() {
            if n > 0 {
                line.push(' ');
            }
            let is_on = |row: usize, column: usize| {
                pixels.get(row).and_then(|row| row.as_bytes().get(column)).is_some_and(|pixel| *pixel == b'#')
            };
            line.extend((0..columns).map(|at| block(is_on(row * 2, at), is_on(row * 2 + 1, at), glyphs)));
        }
    }
    Some(rows)
}

/// Two pixels, one above the other.
fn block(upper: bool, lower: bool, glyphs: Glyphs) -> char {
    match (glyphs, upper, lower) {
        (_, false, false) => ' ',
        (Glyphs::Unicode, true, true) => '█',
        (Glyphs::Unicode, true, false) => '▀',
        (Glyphs::Unicode, false, true) => '▄',
        (Glyphs::Ascii, true, true) => '#',
        (Glyphs::Ascii, true, false) => '"',
        (Glyphs::Ascii, false, true) => '_',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_five_rows_of_one_width_and_there_once() {
        for (at, (c, rows)) in FONT.iter().enumerate() {
            assert!(
                rows.iter().all(|row| row.len() == rows[0].len() && row.bytes().all(|b| b"#.".contains(&b))),
                "{c}"
            );
            assert!(!FONT[..at].iter().any(|(other, _)| other == c), "{c}");
        }
        for text in
            ["0123456789", "abcdefghijklmnopqrstuvwxyz", "12%", "412/s", "21ms", "1.5s", "410k", "4.1M", "api-0"]
        {
            let columns = width(text).expect("every character of it is there");
            for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
                let rows = rows(text, glyphs).expect("every character of it is there");
                assert!(rows.iter().all(|row| row.chars().count() == columns), "{text}: {rows:?}");
            }
        }
    }

    #[test]
    fn no_two_characters_look_the_same_in_either_set() {
        for glyphs in [Glyphs::Unicode, Glyphs::Ascii] {
            let mut seen = Vec::new();
            for (c, _) in FONT {
                // Behind a figure, where letters keep their case.
                let drawn = rows(&format!("1{c}"), glyphs);
                assert!(!seen.contains(&drawn), "{c}");
                seen.push(drawn);
            }
        }
    }

    #[test]
    fn what_the_font_has_not_is_told() {
        assert_eq!((width("日本語"), width("")), (None, Some(0)));
        assert_eq!(rows("naïve", Glyphs::Unicode), None);
        assert_eq!(rows("1", Glyphs::Ascii), Some(["_# ", " # ", "\"\"\""].map(str::to_owned)));
    }
}
