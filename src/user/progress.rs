//! Which lessons were passed, and when: a file of the program's own.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use jiff::Zoned;
use jiff::civil::Date;
use serde_json::json;
use stickylb::config;
use stickylb::program::{Keys, parse_by};
use stickylb::untrusted::Untrusted;

use super::kept::{WITHIN, is_missing, replace};
use super::places;
use crate::screen::Record;

/// The days on which lessons were passed, by their numbers: those of another version's lessons as well.
pub(crate) type Passed = BTreeMap<u32, Date>;

/// Which lessons were passed, and where the next is kept.
pub(crate) struct Progress {
    pub(crate) passed: Passed,
    /// `None` where no place for it is known.
    pub(crate) record: Option<Record>,
    /// Why what was kept cannot be read, as a sentence.
    pub(crate) trouble: Option<String>,
}

/// What was kept. A file that cannot be read is as good as none, and stays as it is.
pub(crate) fn progress() -> Progress {
    let Some(path) = places::progress_file() else {
        let trouble = "there is no home directory: nothing is kept of the lessons that are passed".to_owned();
        return Progress { passed: Passed::new(), record: None, trouble: Some(trouble) };
    };
    let (passed, trouble) = match read(&path) {
        Ok(passed) => (passed, None),
        Err(why) => (Passed::new(), Some(format!("which lessons were passed cannot be read: {why}"))),
    };
    Progress { passed, record: Some(Record { path, write: pass }), trouble }
}

fn read(path: &Path) -> Result<Passed, Untrusted<String>> {
    let bytes = match config::read_file(path, Some(WITHIN)) {
        Ok(bytes) => bytes,
        Err(error) if is_missing(&error) => return Ok(Passed::new()),
        Err(error) => return Err(format!("{}: {error}", path.display()).into()),
    };
    parse_by(path, &bytes, days).map_err(|error| error.problems().into_iter().next().unwrap_or_default())
}

fn days(keys: &mut Keys<'_, '_>) -> Passed {
    let mut passed = Passed::new();
    keys.get("passed", "The day on which each lesson was passed", |n| {
        n.pairs(|number, n| match number.parse() {
            Ok(number) => passed.extend(n.parsed(str::parse::<Date>).map(|day| (number, day))),
            Err(_) => drop(n.wrong::<()>("stands behind no lesson's number")),
        })
    });
    passed
}

/// Keeps that a lesson was passed today, beside what is kept already: a file that cannot be read is left alone.
fn pass(path: &Path, number: u32) -> io::Result<()> {
    let mut passed = read(path).map_err(|why| io::Error::other(format!("it stays as it is, for {why}")))?;
    passed.entry(number).or_insert_with(|| Zoned::now().date());
    let days: serde_json::Map<String, serde_json::Value> =
        passed.iter().map(|(number, day)| (number.to_string(), day.to_string().into())).collect();
    replace(path, &format!("{:#}\n", json!({ "passed": days })))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_passed_is_kept_beside_the_rest_and_the_first_day_stays() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a/lessons.json");
        assert_eq!(read(&path).expect("none yet"), Passed::new());
        pass(&path, 5).expect("written");
        let old = r#"{"passed": {"5": "2020-01-02", "99": "2020-01-03"}}"#;
        std::fs::write(&path, old).expect("written");
        pass(&path, 1).expect("written");
        pass(&path, 5).expect("written");
        let passed = read(&path).expect("read");
        assert_eq!(passed.keys().copied().collect::<Vec<_>>(), [1, 5, 99]);
        assert_eq!(passed[&5].to_string(), "2020-01-02");
        let names = std::fs::read_dir(folder.path().join("a")).expect("a folder").count();
        assert_eq!(names, 1);
    }

    #[test]
    fn a_file_that_cannot_be_read_is_told_and_left_as_it_is() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("lessons.json");
        for text in
            ["", "{", "[]", r#"{"passed": {"x": "2020-01-02"}}"#, r#"{"passed": {"1": "soon"}}"#, r#"{"pased": {}}"#]
        {
            std::fs::write(&path, text).expect("written");
            assert!(read(&path).expect_err(text).raw().contains("lessons.json:1:"), "{text}");
            assert!(pass(&path, 1).expect_err(text).to_string().starts_with("it stays as it is, for "), "{text}");
            assert_eq!(std::fs::read_to_string(&path).expect("it is there"), text);
        }
    }
}
