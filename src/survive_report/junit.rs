//! A report as JUnit XML, which continuous integration reads: one test for each entry, and one for the run itself.

use std::fmt::Write as _;

use stickylb::api::{SurviveEntry, SurviveReport, SurviveVerdict};

use super::helps::helps;

/// The test that fails where a report is not whole. It is always there: some readers take a file without tests for a fault.
const WHOLE: &str = "survive came to its end";

/// The report as an XML document.
pub(super) fn junit(report: &SurviveReport) -> String {
    let (mut tests, mut errors, mut skipped) = (String::new(), 0, 0);
    let mut names: Vec<String> = Vec::new();
    // Writing to a string cannot fail, here and below.
    match &report.partial {
        None => drop(writeln!(tests, "{}/>", opened(WHOLE))),
        Some(why) => {
            errors += 1;
            let why = escaped(&why.to_string());
            let _ = writeln!(
                tests,
                "{}>\n      <error message=\"{why}\" type=\"partial\"/>\n    </testcase>",
                opened(WHOLE)
            );
        }
    }
    for entry in &report.entries {
        let name = unused(&mut names, &name(entry));
        let result = result(report, entry);
        skipped += usize::from(result.starts_with("<skipped"));
        let _ = match result.as_str() {
            "" => writeln!(tests, "{}/>", opened(&name)),
            some => writeln!(tests, "{}>\n      {some}\n    </testcase>", opened(&name)),
        };
    }
    let counts = format!(
        "tests=\"{}\" failures=\"{}\" errors=\"{errors}\" skipped=\"{skipped}\" time=\"0\"",
        report.entries.len() + 1,
        report.failures()
    );
    let mut output: String = report.left_out.iter().map(|sentence| escaped(&format!("{sentence}\n"))).collect();
    if !output.is_empty() {
        output = format!("    <system-out>{output}</system-out>\n");
    }
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites {counts}>\n  <testsuite name=\"survive\" {counts}>\n\
         {tests}{output}  </testsuite>\n</testsuites>\n"
    )
}

fn opened(name: &str) -> String {
    format!("    <testcase classname=\"survive\" name=\"{}\" time=\"0\"", escaped(name))
}

/// `GET /cart`; of what is not of a request, what it is of.
fn name(entry: &SurviveEntry) -> String {
    match (entry.method.raw().is_empty(), entry.path.raw().is_empty()) {
        (true, true) => entry.words.to_string(),
        (true, false) => entry.path.to_string(),
        _ => format!("{} {}", entry.method, entry.path),
    }
}

/// A name that no test has yet: readers take tests of one name for one test.
fn unused(names: &mut Vec<String>, name: &str) -> String {
    let numbered = (2..).map(|n| format!("{name} ({n})"));
    let name = std::iter::once(name.to_owned()).chain(numbered).find(|name| !names.contains(name)).unwrap_or_default();
    names.push(name.clone());
    name
}

/// What stands in the test; nothing where it passed.
fn result(report: &SurviveReport, entry: &SurviveEntry) -> String {
    let words = entry.words.to_string();
    let learn = entry.learn.as_ref().map(|from| format!(" · learn \"{from}\"")).unwrap_or_default();
    let colon = if words.is_empty() { "" } else { ": " };
    let said = escaped(&format!("{}{colon}{words}{learn}", entry.verdict.words()));
    let details: String = entry.details.iter().map(|detail| escaped(&format!("\n{detail}"))).collect();
    let is_enough = report.has_enough && entry.verdict == SurviveVerdict::NeedsStickiness;
    match entry.verdict {
        verdict if verdict.is_finding() && !is_enough => {
            let kind = entry.kind.and_then(|kind| serde_json::to_value(kind).ok());
            let kind = kind.as_ref().and_then(|kind| kind.as_str()).unwrap_or("finding").to_owned();
            let helps = entry.kind.and_then(helps).map(|helps| format!("\nwhat helps: {helps}")).unwrap_or_default();
            format!("<failure message=\"{said}\" type=\"{}\">{said}{details}{helps}</failure>", escaped(&kind))
        }
        SurviveVerdict::Unknown | SurviveVerdict::Inconclusive => format!("<skipped message=\"{said}\"/>"),
        SurviveVerdict::Safe if words.is_empty() && entry.details.is_empty() => String::new(),
        _ => format!("<system-out>{said}{details}</system-out>"),
    }
}

/// The text as content or value of an attribute, without characters that XML 1.0 has no way to write (section 2.2).
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' => escaped.push('\n'),
            c if c.is_control() || matches!(c, '\u{fffe}' | '\u{ffff}') => {}
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;

    #[test]
    fn findings_are_failures_and_what_could_not_be_told_is_skipped() {
        insta::assert_snapshot!("junit", junit(&sample::report()));
    }

    #[test]
    fn a_report_that_is_not_whole_is_an_error() {
        let mut report = SurviveReport::default();
        report.partial = Some("it was stopped".into());
        let xml = junit(&report);
        assert!(xml.contains("tests=\"1\" failures=\"0\" errors=\"1\" skipped=\"0\""), "{xml}");
        assert!(xml.contains("<error message=\"it was stopped\" type=\"partial\"/>"), "{xml}");
    }

    #[test]
    fn what_came_from_outside_is_escaped_and_two_tests_never_share_a_name() {
        let xml = junit(&sample::hostile());
        assert!(!xml.chars().any(|c| c.is_control() && c != '\n'), "{xml:?}");
        assert!(xml.contains("name=\"GET /&lt;a&gt;&amp;&quot;\\x1b[2J\"") && xml.contains("\\x1b[2J (2)\""), "{xml}");
    }
}
