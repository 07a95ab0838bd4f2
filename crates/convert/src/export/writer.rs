//! Writes the lines of a file, and notes what an engine cannot do.

use stickylb::untrusted::Untrusted;

use super::feature::Feature;

/// What a block stands further in by.
const STEP: &str = "  ";

/// A configuration as one of another engine.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Exported {
    /// The file.
    pub text: String,
    /// What the engine cannot do, in the order of the file, each as it stands there in a comment.
    pub cannot: Vec<Cannot>,
}

/// What an engine cannot do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Cannot {
    /// What of ours it lacks.
    pub feature: Feature,
    /// One sentence that says whose it is and what happens instead: `slowStart of alpha: Caddy has none, …`.
    pub sentence: String,
}

/// A file that grows line by line. In all formats here a comment is a line that begins with `#`.
#[derive(Default)]
pub(super) struct Writer {
    text: String,
    depth: usize,
    has_tabs: bool,
    cannot: Vec<Cannot>,
}

impl Writer {
    /// Blocks stand further in by a tab, as the formatter of this file has it.
    pub(super) fn indent_by_tabs(&mut self) {
        self.has_tabs = true;
    }

    /// One line, as far in as its block.
    pub(super) fn line(&mut self, line: impl AsRef<str>) {
        let step = if self.has_tabs { "\t" } else { STEP };
        self.text.extend(std::iter::repeat_n(step, self.depth));
        self.text.push_str(line.as_ref());
        self.text.push('\n');
    }

    /// An empty line, unless one stands there or nothing does.
    pub(super) fn gap(&mut self) {
        if !self.text.is_empty() && !self.text.ends_with("\n\n") {
            self.text.push('\n');
        }
    }

    /// What `write` writes, one step further in.
    pub(super) fn indented(&mut self, write: impl FnOnce(&mut Self)) {
        self.depth += 1;
        write(self);
        self.depth -= 1;
    }

    /// A comment, on one line whatever it holds.
    pub(super) fn comment(&mut self, text: impl AsRef<str>) {
        let text = Untrusted::new(text.as_ref());
        self.line(format!("# {text}"));
    }

    /// Says in its place what the engine cannot do: `sentence` names whose it is and what happens instead. The same sentence
    /// twice is said once on standard error, and in each place.
    pub(super) fn cannot(&mut self, feature: Feature, sentence: impl Into<String>) {
        let sentence = sentence.into();
        self.comment(format!("cannot: {sentence}"));
        let cannot = Cannot { feature, sentence };
        if !self.cannot.contains(&cannot) {
            self.cannot.push(cannot);
        }
    }

    /// The whole file.
    pub(super) fn finish(self) -> Exported {
        Exported { text: self.text, cannot: self.cannot }
    }
}
