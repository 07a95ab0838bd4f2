//! JSON that leaves the program: each line of the files in `tests/json` is read and written again, byte for byte. They
//! came from the program; what reads its events, its figures and its control socket relies on them.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use stickylb::api::{Command, CommandError, Event, Explanation, Heads, ResolvedConfig, Snapshot};
use stickylb::untrusted::{json, pretty_json};

#[track_caller]
fn each_line_stays<T: DeserializeOwned + Serialize + Debug>(lines: &str) {
    assert!(!lines.is_empty());
    for line in lines.lines() {
        let value: T = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert_eq!(json(&value).unwrap(), line, "{value:?}");
    }
}

#[test]
fn events_stay_as_they_are() {
    each_line_stays::<Event>(include_str!("../json/events.jsonl"));
}

#[test]
fn commands_and_their_errors_stay_as_they_are() {
    each_line_stays::<Command>(include_str!("../json/commands.jsonl"));
    each_line_stays::<CommandError>(include_str!("../json/errors.jsonl"));
}

#[test]
fn explanations_and_heads_stay_as_they_are() {
    each_line_stays::<Explanation>(include_str!("../json/explanations.jsonl"));
    each_line_stays::<Heads>(include_str!("../json/heads.jsonl"));
}

#[test]
fn a_resolved_configuration_stays_as_it_is() {
    each_line_stays::<ResolvedConfig>(include_str!("../json/configurations.jsonl"));
}

#[test]
fn a_snapshot_stays_as_it_is() {
    let text = include_str!("../json/snapshot.json");
    let snapshot: Snapshot = serde_json::from_str(text).unwrap();
    assert_eq!(pretty_json(&snapshot).unwrap() + "\n", text);
}
