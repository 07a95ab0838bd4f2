//! A report for people.
//!
//! ```text
//! needs stickiness     /cart       session lost (302 /login) · learn "cookie:sid"
//!                      /socket.io  400 Session ID unknown    · learn "socket.io"
//! runs in every copy   "cron: sending mails"
//! safe                 /api/products  14 requests × 12
//! unknown              POST /pay  (unsafe: --unsafe)
//! what helps           /cart: sessions where all copies see them (Redis, the database, a signed cookie)
//! smallest configuration that passes:  { "sticky": { "by": "learn", … } }       proven by a run with it
//! 2 findings on 2 copies (node-0, node-1)
//! ```

use stickylb::api::{SmallestConfig, SurviveEntry, SurviveReport, SurviveVerdict};
use unicode_width::UnicodeWidthStr as _;

use super::fit::{cut_middle, padded, wrapped};
use super::helps::helps;
use super::progress::counted;
use super::sticky::{option, spaced};

/// Columns of the verdict.
const VERDICT: usize = 21;

/// The fewest columns that a cut path and wrapped words have.
const LEAST: usize = 16;

/// The fewest columns in which words stand beside their path; in fewer they stand below it, this far from the edge.
const BESIDE: usize = 60;
const BELOW: usize = 4;

/// What stands in front of a sentence about the whole run.
const PARTIAL: &str = "not whole";
const LEFT_OUT: &str = "left out";

/// What stands in front of what to do.
const HELPS: &str = "what helps";

/// The report in lines of at most so many columns, where there is a limit: then paths are cut in the middle.
pub(crate) fn text(report: &SurviveReport, columns: Option<usize>) -> String {
    let mut page = Page { text: String::new(), columns };
    if let Some(why) = &report.partial {
        page.row(PARTIAL, VERDICT, &why.to_string());
    }
    for group in report.entries.chunk_by(|one, other| one.verdict == other.verdict) {
        page.group(group);
    }
    page.helps(&report.entries);
    for sentence in &report.left_out {
        page.row(LEFT_OUT, VERDICT, &sentence.to_string());
    }
    if let Some(smallest) = &report.smallest {
        page.configuration(smallest, &report.entries);
    }
    page.row("", 0, &summary(report));
    page.text
}

struct Page {
    text: String,
    columns: Option<usize>,
}

impl Page {
    /// Words behind what stands before them in so many columns, and in further lines below themselves.
    fn row(&mut self, before: &str, indent: usize, words: &str) {
        let room = self.columns.map(|columns| columns.saturating_sub(indent).max(LEAST));
        let lines = room.map_or_else(|| vec![words.to_owned()], |room| wrapped(words, room));
        for (n, line) in lines.iter().enumerate() {
            let begin = padded(if n == 0 { before } else { "" }, indent);
            self.text += format!("{begin}{line}").trim_end();
            self.text.push('\n');
        }
    }

    /// What to do about each kind of trouble that was found, each once and in the findings' order.
    fn helps(&mut self, entries: &[SurviveEntry]) {
        let mut told = Vec::new();
        for entry in entries.iter().filter(|entry| entry.verdict.is_finding()) {
            let Some(helps) = entry.kind.and_then(helps).filter(|helps| !told.contains(helps)) else { continue };
            self.row(if told.is_empty() { HELPS } else { "" }, VERDICT, &format!("{}: {helps}", name(entry)));
            told.push(helps);
        }
    }

    /// What is enough, and whether that is proven: beside each other where there is room.
    fn configuration(&mut self, smallest: &SmallestConfig, entries: &[SurviveEntry]) {
        let needs_unsafe = entries.iter().any(|entry| entry.words.raw().contains("--unsafe"));
        let (what, proof) = match (smallest.proven, needs_unsafe) {
            (true, _) => ("smallest configuration that passes:", "proven by a run with it"),
            (false, true) => ("smallest configuration:", "not proven: --unsafe would try what is unknown"),
            (false, false) => ("smallest configuration:", "not proven: not all of it could be tried again"),
        };
        let sticky = format!("{{ \"sticky\": {} }}", spaced(&smallest.sticky));
        let one = format!("{what}  {sticky}       {proof}");
        if self.columns.is_none_or(|columns| one.width() <= columns) {
            self.row("", 0, &one);
        } else {
            self.row("", 0, what);
            for line in [&sticky, proof] {
                self.row("", BELOW, line);
            }
        }
        if let Some(option) = option(&smallest.sticky) {
            self.row("", 0, &format!("the same as an option:  {option}"));
        }
    }

    /// The entries of one verdict, whose paths and words stand below each other.
    fn group(&mut self, entries: &[SurviveEntry]) {
        let narrow = self.columns.is_some_and(|columns| columns < BESIDE);
        let part = if narrow { 1 } else { 2 };
        let room = self.columns.map(|columns| columns.saturating_sub(VERDICT));
        let words: Vec<String> = entries.iter().map(words).collect();
        let is_bare = |entry: &SurviveEntry, words: &str| words.is_empty() && entry.learn.is_none();
        let cut = |(entry, words): (&SurviveEntry, &String)| {
            // What has no words has their room, too.
            let part = if is_bare(entry, words) { 1 } else { part };
            cut_middle(&name(entry), room.map_or(usize::MAX, |room| (room / part).max(LEAST)))
        };
        let names: Vec<String> = entries.iter().zip(&words).map(cut).collect();
        let beside_words =
            names.iter().zip(entries.iter().zip(&words)).filter(|(_, (entry, words))| !is_bare(entry, words));
        let path = beside_words.map(|(name, _)| name.width()).max().unwrap_or_default();
        let learns = entries.iter().zip(&words).filter(|(entry, _)| entry.learn.is_some());
        let before_learn = learns.map(|(_, words)| words.width()).max().unwrap_or_default();
        for (n, ((entry, name), words)) in entries.iter().zip(&names).zip(&words).enumerate() {
            let verdict = if n == 0 { entry.verdict.words() } else { "" };
            let mut indent = VERDICT + path + 2;
            let mut begin = padded(verdict, VERDICT) + name;
            if narrow && !is_bare(entry, words) {
                self.row(&begin, begin.width(), "");
                (begin, indent) = (String::new(), BELOW);
            }
            match &entry.learn {
                None if words.is_empty() => self.row(&begin, begin.width(), ""),
                None => self.row(&begin, indent, words),
                Some(from) => {
                    let learn = format!("· learn \"{from}\"");
                    let one = format!("{} {learn}", padded(words, before_learn));
                    if self.columns.is_none_or(|columns| indent + one.width() <= columns) {
                        self.row(&begin, indent, &one);
                    } else {
                        self.row(&begin, indent, words);
                        self.row("", indent, &learn);
                    }
                }
            }
            if entry.verdict != SurviveVerdict::Safe {
                for detail in &entry.details {
                    self.row("", if narrow { BELOW } else { VERDICT + 2 }, &detail.to_string());
                }
            }
        }
    }
}

/// What an entry is of: a path, with its method unless that is GET; a line of output in quotes.
fn name(entry: &SurviveEntry) -> String {
    match entry.method.raw() {
        "" if entry.path.raw().is_empty() => String::new(),
        "" => format!("\"{}\"", entry.path),
        "GET" => entry.path.to_string(),
        _ => format!("{} {}", entry.method, entry.path),
    }
}

/// What was found of it; of what is safe, how often it was tried.
fn words(entry: &SurviveEntry) -> String {
    let words = entry.words.to_string();
    match entry.verdict {
        SurviveVerdict::Safe => {
            let tried = format!("{} × {}", counted(entry.requests, "request"), entry.times);
            if words.is_empty() { tried } else { format!("{tried}, {words}") }
        }
        SurviveVerdict::Unknown if !words.is_empty() && !words.starts_with('(') => format!("({words})"),
        _ => words,
    }
}

/// `2 findings on 2 copies (node-0, node-1)`.
fn summary(report: &SurviveReport) -> String {
    let names: Vec<String> = report.copies.iter().map(ToString::to_string).collect();
    let copies = match names.as_slice() {
        [] => String::new(),
        [_] => format!(" on one copy ({})", names[0]),
        several => format!(" on {} copies ({})", several.len(), names.join(", ")),
    };
    let tried = report.entries.iter().any(|entry| entry.verdict != SurviveVerdict::Unknown);
    let found = match report.failures() {
        0 if !tried => "nothing was tried".to_owned(),
        0 => "no findings".to_owned(),
        some => counted(u64::try_from(some).unwrap_or(u64::MAX), "finding"),
    };
    let needs = report.entries.iter().any(|entry| entry.verdict == SurviveVerdict::NeedsStickiness);
    let enough =
        if report.has_enough && needs { "; what needs stickiness has it: that is no finding here" } else { "" };
    format!("{found}{copies}{enough}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::sample;
    use super::*;

    #[test]
    fn a_report_reads_line_by_line() {
        insta::assert_snapshot!("whole", text(&sample::report(), None));
    }

    #[test]
    fn where_columns_are_few_paths_lose_their_middle_and_no_line_is_wider() {
        for columns in [40, 60, 80] {
            let text = text(&sample::report(), Some(columns));
            for line in text.lines() {
                assert!(line.width() <= columns, "{columns}: {line}");
            }
            if columns == 60 {
                insta::assert_snapshot!("narrow", text);
            }
        }
    }

    #[test]
    fn what_is_not_whole_says_why_and_an_empty_report_that_nothing_was_tried() {
        let mut report = SurviveReport::default();
        report.partial = Some("it was stopped".into());
        report.left_out = vec!["3 requests could not be recorded".into()];
        insta::assert_snapshot!("partial", text(&report, None));
    }

    #[test]
    fn stickiness_that_is_enough_is_no_finding() {
        let mut report = sample::report();
        report.entries.truncate(1);
        report.has_enough = true;
        assert!(text(&report, None).ends_with(
            "\nno findings on 2 copies (node-0, node-1); what needs stickiness has it: that is no finding here\n"
        ));
    }

    #[test]
    fn a_configuration_that_could_not_be_tried_says_so() {
        let mut report = sample::report();
        report.smallest.as_mut().expect("it has one").proven = false;
        let said = text(&report, None);
        assert!(said.contains("smallest configuration:  { "), "{said}");
        assert!(said.contains("\"socket.io\"] } }       not proven: --unsafe would try what is unknown\n"), "{said}");
        report.entries.retain(|entry| entry.verdict.is_finding());
        let said = text(&report, None);
        assert!(said.contains("       not proven: not all of it could be tried again\n"), "{said}");
    }

    #[test]
    fn nothing_that_came_from_outside_moves_the_cursor() {
        let mut report = sample::hostile();
        report.smallest = sample::report().smallest;
        report.smallest.as_mut().expect("it has one").sticky = json!({"by": "learn", "from": "cookie:\u{1b}[2J"});
        let text = text(&report, Some(60));
        assert!(!text.chars().any(|c| c.is_control() && c != '\n'), "{text:?}");
    }
}
