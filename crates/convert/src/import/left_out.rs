//! What of a file has no counterpart here, one sentence each.

use std::collections::BTreeMap;

/// Characters of a file's own words that a sentence repeats.
const SHOWN: usize = 72;

/// Sentences about lines of a file, by the line; what is about the whole of it has the last one.
#[derive(Default)]
pub(super) struct LeftOut(BTreeMap<usize, Vec<String>>);

/// Where sentences stand that are about a file as a whole.
const WHOLE: usize = usize::MAX;

impl LeftOut {
    /// Says something about a line, or about the file as a whole where `line` is 0. The same is said once.
    pub(super) fn say(&mut self, line: usize, sentence: impl Into<String>) {
        let sentence = sentence.into();
        let said = self.0.entry(if line == 0 { WHOLE } else { line }).or_default();
        if !said.contains(&sentence) {
            said.push(sentence);
        }
    }

    /// Says that a part of a line is left out, and why.
    pub(super) fn part(&mut self, line: usize, words: &str, why: &str) {
        self.say(line, format!("'{}' is left out: {why}", shortened(words)));
    }

    /// Says that there is nothing like it here.
    pub(super) fn nothing_like(&mut self, line: usize, words: &str) {
        self.part(line, words, "there is nothing like it here");
    }

    /// All of them, in the order of the file, what is about the whole of it last.
    pub(super) fn sentences(self) -> Vec<String> {
        let with_line = |(line, said): (usize, Vec<String>)| {
            said.into_iter().map(move |sentence| match line {
                WHOLE => sentence,
                line => format!("line {line}: {sentence}"),
            })
        };
        self.0.into_iter().flat_map(with_line).collect()
    }
}

/// The beginning of a text, where it is long.
pub(super) fn shortened(text: &str) -> String {
    let mut chars = text.chars();
    let mut shown: String = chars.by_ref().take(SHOWN).collect();
    if chars.next().is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_are_in_the_order_of_the_file_and_each_is_said_once() {
        let mut left_out = LeftOut::default();
        left_out.say(0, "it is another program's");
        left_out.nothing_like(12, "stats enable");
        left_out.part(3, "a\tb", "c");
        left_out.nothing_like(12, "stats enable");
        let expected = [
            "line 3: 'a\tb' is left out: c",
            "line 12: 'stats enable' is left out: there is nothing like it here",
            "it is another program's",
        ];
        assert_eq!(left_out.sentences(), expected);
    }

    #[test]
    fn long_words_are_cut() {
        let short = shortened(&"é".repeat(100));
        assert_eq!((short.chars().count(), short.ends_with('…')), (SHOWN + 1, true));
    }
}
