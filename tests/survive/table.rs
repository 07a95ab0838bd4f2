//! What was found, as a table: a row for each app and form, with how often each kind was found.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use stickylb::api::SurviveVerdict;

use crate::app::Form;
use crate::survived::Survived;

/// What was found in all runs of one form of an app.
#[derive(Clone, Default)]
struct Row {
    runs: usize,
    as_promised: usize,
    kinds: BTreeMap<String, usize>,
    /// Runs in which nothing could be called safe.
    unsure: usize,
    longest: Duration,
}

static ROWS: Mutex<BTreeMap<(String, &'static str), Row>> = Mutex::new(BTreeMap::new());

/// Adds a run.
pub(crate) fn add(app: &str, form: Form, survived: &Survived, as_promised: bool) {
    let form = if form == Form::Broken { "broken" } else { "mended" };
    let mut rows = ROWS.lock().unwrap();
    let row = rows.entry((app.to_owned(), form)).or_default();
    row.runs += 1;
    row.as_promised += usize::from(as_promised);
    for kind in survived.kinds() {
        *row.kinds.entry(kind).or_default() += 1;
    }
    row.unsure += usize::from(survived.count(SurviveVerdict::Safe) == 0);
    row.longest = row.longest.max(survived.took);
}

/// Prints the rows.
pub(crate) fn print() {
    let mut text = "\napp                    form     runs as promised nothing safe  longest  found\n".to_owned();
    for ((app, form), row) in ROWS.lock().unwrap().iter() {
        let kinds: Vec<String> = row.kinds.iter().map(|(kind, times)| format!("{kind} {times}")).collect();
        let found = if kinds.is_empty() { "nothing".to_owned() } else { kinds.join(", ") };
        let (runs, good, seconds) = (row.runs, row.as_promised, row.longest.as_secs_f32());
        let unsure = row.unsure;
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{app:<22} {form:<7} {runs:>5} {good:>11} {unsure:>12} {seconds:>6.1} s  {found}");
    }
    // Not a macro: what macros print is hidden for passing tests. Where stderr is closed nobody reads it.
    let _ = std::io::stderr().write_all(text.as_bytes());
}
