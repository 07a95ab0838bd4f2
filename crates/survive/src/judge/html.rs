//! HTML by node.
//!
//! Not a browser's tree, only one that is the same for the same text: that is all a comparison asks for.

use std::collections::BTreeMap;

use html5gum::{DefaultEmitter, StartTag, Token, Tokenizer};

use super::places::Places;
use super::{json, text};

/// Elements without content (HTML 13.1.2).
const VOID: [&str; 13] =
    ["area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"];
/// Elements that end where the next of the same begins.
const FOLLOWED: [&str; 9] = ["li", "dt", "dd", "p", "tr", "td", "th", "option", "thead"];
/// Attributes that are made for one answer, or for one start of the server, and say nothing of what it shows.
const OF_THE_ANSWER: [&str; 1] = ["nonce"];
/// Elements whose text is often named by the text before them: `Port: <b>3000</b>`.
const LABELLED: [&str; 11] = ["td", "dd", "b", "strong", "em", "i", "code", "span", "output", "samp", "kbd"];
/// The deepest element that has a place of its own: what is below it counts as its own.
const DEEPEST: usize = 48;

/// An element that is open.
struct Open {
    name: String,
    /// How long the paths were before it.
    place_length: usize,
    alike_length: usize,
    /// How many elements of each name it has so far.
    children: BTreeMap<String, usize>,
    /// How many runs of text it has so far.
    texts: usize,
    /// Whether it holds JSON, as `<script type="application/json">` does.
    json: bool,
}

struct Walk<'p> {
    open: Vec<Open>,
    place: String,
    alike: String,
    /// Text that has come since the last tag.
    text: String,
    /// The run of text before.
    label: Option<String>,
    into: &'p mut Places,
}

/// Takes a page or a part of one apart.
pub(super) fn read(page: &str, into: &mut Places) {
    let mut emitter = DefaultEmitter::default();
    emitter.naively_switch_states(true);
    let mut walk = Walk {
        open: vec![Open::new(String::new(), 0, 0)],
        place: String::new(),
        alike: String::new(),
        text: String::new(),
        label: None,
        into,
    };
    for Ok(token) in Tokenizer::new_with_emitter(page, emitter) {
        if walk.into.full {
            return;
        }
        match token {
            Token::StartTag(tag) => walk.start(&tag),
            Token::EndTag(tag) => walk.end(&String::from_utf8_lossy(&tag.name)),
            Token::String(run) => walk.text.push_str(&String::from_utf8_lossy(&run)),
            Token::Comment(_) | Token::Doctype(_) | Token::Error(_) => {}
        }
    }
    walk.end_text();
}

impl Open {
    fn new(name: String, place_length: usize, alike_length: usize) -> Self {
        Open { name, place_length, alike_length, children: BTreeMap::new(), texts: 0, json: false }
    }
}

impl Walk<'_> {
    fn start(&mut self, tag: &StartTag<()>) {
        self.end_text();
        let name = String::from_utf8_lossy(&tag.name).into_owned();
        if FOLLOWED.contains(&name.as_str()) && self.open.last().is_some_and(|last| last.name == name) {
            self.close();
        }
        if self.open.len() > DEEPEST {
            return;
        }
        let (place_length, alike_length) = (self.place.len(), self.alike.len());
        let Some(parent) = self.open.last_mut() else { return };
        let nth = *parent.children.entry(name.clone()).and_modify(|count| *count += 1).or_insert(1);
        for path in [&mut self.place, &mut self.alike] {
            if !path.is_empty() {
                path.push_str(" > ");
            }
            path.extend(name.chars().take(40));
        }
        if nth > 1 {
            self.place.extend(["[", &nth.to_string(), "]"]);
        }
        let mut open = Open::new(name, place_length, alike_length);
        for (attribute, value) in &tag.attributes {
            let (attribute, value) = (String::from_utf8_lossy(attribute), String::from_utf8_lossy(value));
            open.json |= open.name == "script" && attribute == "type" && value.contains("json");
            if !OF_THE_ANSWER.contains(&&*attribute) {
                let attribute: String = attribute.chars().take(60).collect();
                self.into.add(&format!("{} @{attribute}", self.place), &format!("{} @{attribute}", self.alike), value);
            }
        }
        let ends = VOID.contains(&open.name.as_str()) || tag.self_closing;
        self.open.push(open);
        if ends {
            self.close();
        }
    }

    fn end(&mut self, name: &str) {
        self.end_text();
        if let Some(at) = self.open.iter().rposition(|open| open.name == name).filter(|at| *at > 0) {
            while self.open.len() > at {
                self.close();
            }
        }
    }

    fn close(&mut self) {
        if let Some(open) = self.open.pop() {
            self.place.truncate(open.place_length);
            self.alike.truncate(open.alike_length);
        }
    }

    fn end_text(&mut self) {
        let run = std::mem::take(&mut self.text);
        let Some(open) = self.open.last_mut() else { return };
        if run.trim().is_empty() {
            return;
        }
        open.texts += 1;
        let (place, alike) = match (open.texts, self.place.is_empty()) {
            (_, true) => ("text".to_owned(), "text"),
            (1, false) => (self.place.clone(), self.alike.as_str()),
            (nth, false) => (format!("{} text[{nth}]", self.place), self.alike.as_str()),
        };
        if matches!(open.name.as_str(), "script" | "style" | "pre" | "textarea") {
            if !(open.json && json::read(&run, &format!("{} ", self.place), self.into)) {
                text::read(&run, &self.place, self.into);
            }
            return;
        }
        let line = run.split_whitespace().collect::<Vec<_>>().join(" ");
        let label = self.label.replace(line.chars().take(60).collect());
        match label.filter(|_| LABELLED.contains(&open.name.as_str())) {
            Some(label) => self.into.add_labelled(&place, alike, line, &label),
            None => self.into.add(&place, alike, line),
        }
    }
}
