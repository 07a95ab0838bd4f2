//! README.md and the pages of docs/, taken apart.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// One Markdown file.
pub(super) struct Document {
    /// The path from the top of the repository: `docs/keys.md`.
    pub(super) name: String,
    pub(super) text: String,
}

/// A fenced block.
pub(super) struct Block {
    pub(super) language: String,
    /// The file whose text it is: the line before says `` `lb.json`: ``.
    pub(super) file: Option<String>,
    pub(super) body: String,
    /// The line in which its body begins, from 0.
    pub(super) begins: usize,
}

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(super) fn document(name: &str) -> Document {
    let text = std::fs::read_to_string(root().join(name)).unwrap().replace("\r\n", "\n");
    Document { name: name.to_owned(), text }
}

/// The pages below a folder, by their path from the top.
pub(super) fn pages(folder: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in std::fs::read_dir(root().join(folder)).unwrap().flatten() {
        let name = format!("{folder}/{}", entry.file_name().into_string().unwrap());
        if entry.path().is_dir() {
            names.extend(pages(&name));
        } else if Path::new(&name).extension().is_some_and(|extension| extension == "md") {
            names.push(name);
        }
    }
    names.sort();
    names
}

/// The pages for users.
pub(super) fn documents() -> Vec<Document> {
    let all: Vec<_> =
        std::iter::once("README.md".to_owned()).chain(pages("docs")).map(|name| document(&name)).collect();
    assert!(all.len() > 10, "only {} documents were found", all.len());
    all
}

impl Document {
    /// Each line, and whether it is outside all fences.
    pub(super) fn lines(&self) -> Vec<(&str, bool)> {
        let mut inside = false;
        let line = |line| {
            let fence = str::trim_start(line).starts_with("```");
            let outside = !inside && !fence;
            inside ^= fence;
            (line, outside)
        };
        self.text.lines().map(line).collect()
    }

    /// The text outside all fences.
    pub(super) fn prose(&self) -> String {
        let outside = self.lines().into_iter().filter(|(_, outside)| *outside);
        outside.map(|(line, _)| line).collect::<Vec<_>>().join("\n")
    }

    pub(super) fn blocks(&self) -> Vec<Block> {
        let lines: Vec<&str> = self.text.lines().collect();
        let mut blocks = Vec::new();
        let mut at = 0;
        while at < lines.len() {
            if let Some(language) = lines[at].trim_start().strip_prefix("```") {
                let indent = lines[at].len() - lines[at].trim_start().len();
                let end = (at + 1..lines.len()).find(|n| lines[*n].trim() == "```").expect("a fence that ends");
                let body =
                    lines[at + 1..end].iter().map(|line| format!("{}\n", line.get(indent..).unwrap_or_default()));
                let before = lines[..at].iter().rev().find(|line| !line.is_empty()).copied().unwrap_or_default();
                let file = before.strip_prefix('`').and_then(|rest| rest.strip_suffix("`:")).map(str::to_owned);
                blocks.push(Block { language: language.to_owned(), file, body: body.collect(), begins: at + 1 });
                at = end;
            }
            at += 1;
        }
        blocks
    }

    /// The anchors of its headings, as GitHub derives them.
    pub(super) fn anchors(&self) -> BTreeSet<String> {
        let headings = self.lines().into_iter().filter(|(line, outside)| *outside && line.starts_with('#'));
        headings
            .map(|(line, _)| {
                let title = line.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
                title.chars().filter(|c| c.is_alphanumeric() || matches!(c, '-' | '_')).collect()
            })
            .collect()
    }

    /// The rows of its tables with this header, each as its cells.
    pub(super) fn rows(&self, head: &str) -> Vec<Vec<String>> {
        let mut rows = Vec::new();
        let mut lines = self.text.lines();
        while lines.by_ref().any(|line| line == head) {
            let table = lines.by_ref().take_while(|line| line.starts_with('|')).skip(1);
            rows.extend(table.map(|line| {
                let cells = line.trim_matches('|').replace("\\|", "\u{1}");
                cells.split('|').map(|cell| cell.trim().replace('\u{1}', "|")).collect()
            }));
        }
        rows
    }
}

/// The code spans in a text.
pub(super) fn code(text: &str) -> impl Iterator<Item = &str> {
    text.split('`').skip(1).step_by(2)
}
