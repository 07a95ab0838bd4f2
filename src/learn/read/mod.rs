//! Reads a lesson's file: JSON with comments, every problem of it with its line and column.

mod conditions;
mod lines;
mod steps;
#[cfg(test)]
mod tests;
mod traffic;

use std::path::Path;
use stickylb::config::ConfigError;
use stickylb::program::{Keys, Node, demo_name, parse_by, schema_by};

use super::lesson::{Chats, Lesson, Settings};
use lines::Lines;
pub(crate) use lines::Typeable;
use lines::not_empty;

/// The most demo backends of a lesson.
const MOST_BACKENDS: u64 = 9;

/// The most WebSockets of a lesson.
const MOST_CHATS: u64 = 20;

/// Reads a lesson; `path` is only for the messages.
///
/// # Errors
/// Every problem of the file, in its order.
pub(crate) fn read(path: &Path, bytes: &[u8], typeable: Typeable<'_>) -> Result<Lesson, ConfigError> {
    let text = String::from_utf8_lossy(bytes);
    // Those that the lesson starts later can be named too.
    let added = text.matches("\"demo\"").count() + text.matches("\"key a\"").count();
    let mut lesson = None;
    parse_by(path, bytes, |keys| lesson = of_keys(keys, added, typeable))?;
    // Without a problem there is a lesson: what is missing is one.
    let missing = || ConfigError::Unreadable { path: path.to_owned(), error: std::io::Error::other("no lesson") };
    lesson.ok_or_else(missing)
}

/// The JSON Schema of a lesson's file, as text.
pub(crate) fn schema() -> String {
    let described =
        "A lesson of stickylb-tui learn. Comments and trailing commas are fine; docs/lessons.md explains it.";
    schema_by(described, |keys| drop(of_keys(keys, 0, &|_| Ok(()))))
}

fn of_keys(keys: &mut Keys<'_, '_>, added: usize, typeable: Typeable<'_>) -> Option<Lesson> {
    keys.require("title", "a lesson needs a 'title'");
    let title = keys.get("title", "What the lesson is called", |n| n.parsed(not_empty));
    let about = keys.get("about", "What one learns, in one line", |n| n.string());
    let seed = keys.get("seed", "What is drawn by; left out, it is another one each time", |n| n.integer(0, u64::MAX));
    let described = "How many demo backends it starts with; 3 unless set";
    let backends = keys.get("backends", described, |n| n.integer(1, MOST_BACKENDS)).unwrap_or(3);
    let described =
        "People who chat over a WebSocket from the start: how many, or an object that says for how long as well";
    let chats = keys.get("chats", described, chats);
    let names = |count: usize| (0..count).map(demo_name).collect::<Vec<String>>();
    let lines = Lines::new(names(backends + added), typeable);
    let settings = keys.get("settings", "How its balancer and its demo backends are set", |n| n.object(settings));
    let start = keys.get("start", "Commands that are carried out before the first step", |n| lines.list(n));
    let traffic = keys.get("traffic", "What is sent from the start", |n| n.object(traffic::read)?);
    let described = "Whether the screen tells of no fault before the debrief: the learner finds it";
    let hides_faults = keys.get("hideFaults", described, |n| n.boolean());
    keys.require("steps", "a lesson needs 'steps': at least one");
    let steps = keys.get("steps", "What is said, asked and done, in this order", |n| steps::read(n, &lines))?;
    Some(Lesson {
        title: title?,
        about: about.unwrap_or_default(),
        seed,
        backends,
        settings: settings.unwrap_or_default(),
        start: start.unwrap_or_default(),
        traffic,
        chats: chats.unwrap_or_default(),
        hides_faults: hides_faults.unwrap_or_default(),
        steps,
    })
}

/// A number, or an object with `count` and `for`.
fn chats(n: Node<'_, '_>) -> Option<Chats> {
    let count = |n: Node<'_, '_>| n.integer(1, MOST_CHATS);
    n.either(
        !n.is_object(),
        |n| count(n).map(|count| Chats { count, lasting: None }),
        |n| {
            n.object(|keys| {
                keys.require("count", "needs 'count': how many");
                let count = keys.get("count", "How many", count);
                let lasting = keys.get("for", "After which time each leaves, and another one comes", |n| {
                    n.parsed(conditions::duration)
                });
                count.map(|count| Chats { count, lasting })
            })?
        },
    )
}

fn settings(keys: &mut Keys<'_, '_>) -> Settings {
    const DAY: u64 = 86_400_000;
    let mut settings = Settings::default();
    let mut count = |key, described| keys.get(key, described, |n| n.integer(0, 1000)).unwrap_or_default();
    settings.max_connections = count("maxConnections", "Requests at one time of each demo backend; 0 is no limit");
    settings.max_queue = count("maxQueue", "Requests that wait for one of them; needs maxConnections");
    if settings.max_queue > 0 && settings.max_connections == 0 {
        keys.wrong_at("maxQueue", "nobody waits without a limit: set 'maxConnections'".to_owned());
    }
    let mut millis = |key, described| keys.get(key, described, |n| n.integer(1, DAY)).unwrap_or_default();
    settings.queue_timeout = millis("queueTimeout", "How long they wait, in milliseconds");
    settings.check_interval = millis("checkInterval", "The time between two checks, in milliseconds");
    settings.response_timeout = millis("responseTimeout", "How long a backend may take to answer, in milliseconds");
    settings.eject_for = millis("ejectFor", "How long an ejected backend stays out, in milliseconds");
    settings
}
