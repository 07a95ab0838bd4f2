//! A backend's letter and colour: the same in every place that shows it.

use serde::{Deserialize, Serialize};

/// Okabe and Ito's palette without its black, which would say nothing on a dark page, and with two of Paul Tol's in its
/// place. Neighbours differ in lightness as well as hue, so the first few stay apart for any eye.
const COLORS: [&str; 9] = [
    "#0072b2", // blue
    "#e69f00", // orange
    "#009e73", // green
    "#cc79a7", // pink
    "#d55e00", // vermilion
    "#56b4e9", // sky
    "#f0e442", // yellow
    "#882255", // wine
    "#44aa99", // teal
];

const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";

/// A backend's letter and colour, which it keeps while it is there: the first backend's are A and blue. In JSON an object with
/// `letter` and `color` (`#rrggbb`).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "MarkRecord", from = "MarkRecord")]
pub struct Mark(u16);

impl Mark {
    /// How many colours there are; the next backend's is the first one again.
    pub const COLORS: usize = COLORS.len();

    /// The mark with this number, counted from 0.
    pub const fn new(number: u16) -> Self {
        Mark(number)
    }

    /// The colour's place in the palette, below [`Mark::COLORS`].
    pub fn color_index(self) -> usize {
        usize::from(self.0) % COLORS.len()
    }

    /// The colour as a web page has it: `#0072b2`.
    pub fn color(self) -> &'static str {
        COLORS[self.color_index()]
    }

    /// A to Z, then a to z; `*` for all beyond.
    pub fn letter(self) -> char {
        LETTERS.get(usize::from(self.0)).copied().map_or('*', char::from)
    }
}

/// What a [`Mark`] is in JSON.
#[derive(Serialize, Deserialize)]
struct MarkRecord {
    letter: char,
    color: String,
}

impl From<Mark> for MarkRecord {
    fn from(mark: Mark) -> Self {
        MarkRecord { letter: mark.letter(), color: mark.color().to_owned() }
    }
}

impl From<MarkRecord> for Mark {
    fn from(record: MarkRecord) -> Self {
        let place = LETTERS.iter().position(|letter| char::from(*letter) == record.letter);
        // Beyond the letters only the colour tells.
        let mut beyond = LETTERS.len()..LETTERS.len() + COLORS.len();
        let colored = || beyond.find(|number| COLORS[number % COLORS.len()] == record.color);
        let number = place.or_else(colored).unwrap_or(LETTERS.len());
        Mark(u16::try_from(number).unwrap_or(u16::MAX))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_backend_has_a_letter_and_a_colour_which_json_keeps() {
        let marks: Vec<(char, &str)> =
            [0, 1, 25, 26, 9].map(|n| (Mark::new(n).letter(), Mark::new(n).color())).to_vec();
        assert_eq!(marks[0], ('A', "#0072b2"));
        assert_eq!(marks[1], ('B', "#e69f00"));
        assert_eq!([marks[2].0, marks[3].0], ['Z', 'a']);
        assert_eq!(marks[4].1, marks[0].1);
        for number in [0, 7, 51, 52, 60, 1000] {
            let mark = Mark::new(number);
            let json = serde_json::to_string(&mark).expect("plain");
            let again: Mark = serde_json::from_str(&json).expect("its own");
            assert_eq!((again.letter(), again.color()), (mark.letter(), mark.color()), "{json}");
        }
    }
}
