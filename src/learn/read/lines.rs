//! Reads the commands of a lesson, which are those of the command language, and of its solutions, which are typed and pressed.

use stickylb::api::{BackendView, Intent, PoolView, Snapshot, State};
use stickylb::program::{Node, nearest, time};
use stickylb::untrusted::Untrusted;

use super::conditions;
use crate::learn::lesson::{Act, Line};
use crate::words::{Meant, WORDS, command, word};

/// Whether a line could be typed into the palette, or `key K` be pressed; the error is one sentence.
pub(crate) type Typeable<'t> = &'t dyn Fn(&str) -> Result<(), String>;

/// What commands are checked against: backends that the lesson will have.
pub(super) struct Lines<'t> {
    pub(super) backends: Vec<String>,
    snapshot: Snapshot,
    typeable: Typeable<'t>,
}

impl<'t> Lines<'t> {
    pub(super) fn new(backends: Vec<String>, typeable: Typeable<'t>) -> Self {
        let mut snapshot = Snapshot::default();
        snapshot.pools = vec![PoolView::default()];
        snapshot.backends = backends.iter().zip(1_u32..).map(|(name, id)| view(name, id)).collect();
        Lines { backends, snapshot, typeable }
    }

    /// Commands; one may be an object with `draw`.
    pub(super) fn list(&self, n: Node<'_, '_>) -> Option<Vec<Line>> {
        n.list(|n| {
            n.either(
                n.is_string(),
                |n| n.parsed(|line| self.command(line)).map(Line::Command),
                |n| {
                    let draw = n.object(|keys| {
                        keys.require("draw", "needs 'draw': a list of commands, of which one is drawn by the seed");
                        let described = "Commands, of which one is drawn by the seed";
                        keys.get("draw", described, |n| {
                            at_least_one(n, "needs at least one command to draw", |n| {
                                n.parsed(|line| self.command(line))
                            })
                        })
                    })??;
                    Some(Line::Draw(draw))
                },
            )
        })
    }

    /// A command to the engine.
    fn command(&self, line: &str) -> Result<String, String> {
        let mut words = line.split_whitespace();
        let name = words.next().ok_or("must not be empty")?;
        let Some(word) = word(name) else {
            let near = nearest(name, WORDS.iter().map(|word| word.name));
            return Err(format!("'{}' is no command{near}", Untrusted::new(name)));
        };
        command(word, &words.collect::<Vec<_>>(), &self.snapshot, &Meant::default())?;
        Ok(line.to_owned())
    }

    /// What does it: lines that are typed, `key K`, `type TEXT`, `wait 5s`, or an object with `wait`.
    pub(super) fn solution(&self, n: Node<'_, '_>) -> Option<Vec<Act>> {
        at_least_one(n, "needs at least one line or key: what does it", |n| {
            n.either(
                n.is_string(),
                |n| n.parsed(|line| self.act(line)),
                |n| {
                    let until = n.object(|keys| {
                        keys.require("wait", "needs 'wait': a condition, as 'until' has it");
                        keys.get("wait", "A condition to wait for", |n| conditions::read(n, &self.backends))
                    })??;
                    Some(Act::WaitUntil(until))
                },
            )
        })
    }

    fn act(&self, line: &str) -> Result<Act, String> {
        if let Some(rest) = line.strip_prefix("wait ") {
            let wait = time(rest.trim()).ok_or_else(|| format!("'{line}' is no wait: write such as wait 5s"))?;
            return Ok(Act::Wait(wait));
        }
        if let Some(text) = line.strip_prefix("type ") {
            return Ok(Act::Type(text.to_owned()));
        }
        (self.typeable)(line)?;
        if let Some(key) = line.strip_prefix("key ") {
            return Ok(Act::Key(key.to_owned()));
        }
        let mut words = line.split_whitespace();
        if let Some(word) = words.next().and_then(word) {
            // Where no backend is named, the selected one is meant.
            let meant = Meant { backend: Some(Ok(1.into())), pool: None };
            command(word, &words.collect::<Vec<_>>(), &self.snapshot, &meant)?;
        }
        Ok(Act::Line(line.to_owned()))
    }
}

/// A list of at least one; `None` where one of it is wrong, which is told.
fn at_least_one<'a, T>(n: Node<'_, 'a>, otherwise: &str, read: impl Fn(Node<'_, 'a>) -> Option<T>) -> Option<Vec<T>> {
    let mut list = Vec::new();
    match n.each(|n| list.extend(read(n)))? {
        0 => n.wrong(otherwise),
        count => Some(list).filter(|list| list.len() == count),
    }
}

fn view(name: &str, id: u32) -> BackendView {
    let mut view = BackendView::default();
    (view.id, view.name, view.weight) = (id.into(), name.into(), 1);
    (view.state, view.intent) = (State::Up, Intent::InService);
    view
}

/// A text with something in it.
pub(super) fn not_empty(text: &str) -> Result<String, &'static str> {
    if text.trim().is_empty() { Err("must not be empty") } else { Ok(text.to_owned()) }
}
