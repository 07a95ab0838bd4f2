//! Lists of words.

/// Whether a word is one of those in a text, which stand there with spaces between them.
pub(super) fn is_among(words: &str, word: &str) -> bool {
    words.split(' ').any(|known| known == word)
}
