//! Finds words by a few of their letters.

/// What the whole name scores beside its letters.
const WHOLE: i32 = 1000;

/// Fuzzy match score, higher is better; `None` if the letters do not occur in this order. Letters at word beginnings
/// score most, then consecutive letters; long names score slightly less, and the whole name beats all.
pub(super) fn score(letters: &str, name: &str) -> Option<i32> {
    if letters.is_empty() {
        // Equal scores keep the order of the table.
        return Some(0);
    }
    let mut score = if name.eq_ignore_ascii_case(letters) { WHOLE } else { 0 };
    score -= i32::try_from(name.chars().count()).unwrap_or(i32::MAX / 2);
    let mut rest = name.char_indices().peekable();
    let mut before = None;
    for letter in letters.chars().flat_map(char::to_lowercase) {
        let (at, _) = rest.by_ref().find(|(_, c)| c.to_lowercase().eq([letter]))?;
        let begins = at == 0 || name[..at].ends_with(['-', ' ', '_']);
        score += if begins {
            30
        } else if before.is_some_and(|before| before + 1 == at) {
            20
        } else {
            1
        };
        before = Some(at);
    }
    Some(score)
}
