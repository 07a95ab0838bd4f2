//! Text by line.

use super::places::Places;

/// Each line that is not empty. Below `below`, which is empty for a body that is all text.
pub(super) fn read(text: &str, below: &str, into: &mut Places) {
    let lines = if below.is_empty() { "line".to_owned() } else { format!("{below} line") };
    for (at, line) in text.lines().enumerate() {
        if into.full {
            return;
        }
        let line = line.trim();
        if !line.is_empty() {
            into.add(&format!("{lines} {}", at + 1), &lines, line);
        }
    }
}
