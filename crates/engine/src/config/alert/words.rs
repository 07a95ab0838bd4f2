//! The words of an alert's text, parted by blanks; quotes hold one together.

use super::error::{AlertError, wrong};

/// One word, as written.
pub(super) struct Word<'t> {
    /// The byte it begins at.
    pub(super) at: usize,
    pub(super) written: &'t str,
}

impl<'t> Word<'t> {
    /// The letters, digits and hyphens it begins with.
    pub(super) fn name(&self) -> &'t str {
        let end = self.written.find(|c: char| !c.is_ascii_alphanumeric() && c != '-').unwrap_or(self.written.len());
        &self.written[..end]
    }

    pub(super) fn after(&self, at: usize) -> &'t str {
        &self.written[at..]
    }

    /// What stands behind the operator, without quotes.
    pub(super) fn value(&self, at: usize) -> String {
        self.after(at).replace('"', "")
    }
}

/// Parts a text into its words.
pub(super) fn words(text: &str) -> Result<Vec<Word<'_>>, AlertError> {
    let (mut words, mut start, mut quote) = (Vec::new(), None, None);
    for (at, c) in text.char_indices() {
        if c == '"' {
            quote = if quote.is_some() { None } else { Some(at) };
        }
        if c.is_whitespace() && quote.is_none() {
            words.extend(start.take().map(|start| Word { at: start, written: &text[start..at] }));
        } else {
            start = start.or(Some(at));
        }
    }
    if let Some(at) = quote {
        return wrong(at, "this quote has no end");
    }
    words.extend(start.map(|start| Word { at: start, written: &text[start..] }));
    Ok(words)
}
