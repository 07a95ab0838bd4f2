//! What is shown, as a file in the current directory: the screen, the log, or a report.
//!
//! All of it is made of what the screen shows or could show, with control characters written out; nothing else, and
//! so no secret, is known here.

mod report;
mod screen;

use std::fs::File;
use std::io::{self, Write as _};
use std::path::Path;
use std::time::SystemTime;

use jiff::tz::TimeZone;

use super::state::State;
use stickylb::untrusted::{Untrusted, json};

/// What can be exported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The screen as plain text.
    Text,
    /// The screen with its colours, for `cat`.
    Ansi,
    /// The screen as a picture.
    Svg,
    /// The lines of the log that the filter shows, one JSON object a line.
    Log,
    /// Figures, backends and their last changes, in Markdown.
    Report,
}

impl Export {
    /// All of them, in the order in which they are offered.
    pub(super) const ALL: [Export; 5] = [Export::Text, Export::Ansi, Export::Svg, Export::Log, Export::Report];

    /// The word in commands and in file names; its first letter is its key.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Export::Text => "text",
            Export::Ansi => "ansi",
            Export::Svg => "svg",
            Export::Log => "log",
            Export::Report => "report",
        }
    }

    /// What it is, for who is asked which.
    pub(super) const fn help(self) -> &'static str {
        match self {
            Export::Text => "this screen as text",
            Export::Ansi => "this screen with its colours, for cat",
            Export::Svg => "this screen as a picture (SVG)",
            Export::Log => "the log's lines as JSON, one a line",
            Export::Report => "a report of figures, backends and changes (Markdown)",
        }
    }

    /// The one with this key.
    pub(super) fn of_key(key: char) -> Option<Export> {
        Export::ALL.into_iter().find(|export| export.name().starts_with(key))
    }

    const fn extension(self) -> &'static str {
        match self {
            Export::Text => "txt",
            Export::Ansi => "ans",
            Export::Svg => "svg",
            Export::Log => "jsonl",
            Export::Report => "md",
        }
    }
}

impl std::str::FromStr for Export {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Export::ALL
            .into_iter()
            .find(|export| export.name() == name)
            .ok_or_else(|| format!("'{name}' cannot be exported: text, ansi, svg, log or report"))
    }
}

/// Makes what stands in the file; where that takes long it is done when called.
pub(super) fn contents(state: &State, what: Export) -> Box<dyn FnOnce() -> String + Send> {
    match what {
        Export::Text => ready(screen::text(&screen::buffer(state))),
        Export::Ansi => ready(screen::ansi(&screen::buffer(state))),
        Export::Svg => ready(super::svg(&screen::buffer(state))),
        Export::Report => ready(report::report(state)),
        Export::Log => {
            let lines = state.log.window(0, usize::MAX);
            Box::new(move || {
                // Only a map with keys that are no strings could fail, and events have none.
                lines.iter().filter_map(|line| Some(json(&*line.event).ok()? + "\n")).collect()
            })
        }
    }
}

fn ready(text: String) -> Box<dyn FnOnce() -> String + Send> {
    Box::new(move || text)
}

/// Writes a file of its own, never over another; returns a sentence that says which and where.
///
/// # Errors
/// The folder cannot be written to; the sentence says so.
pub(super) fn save(
    folder: &Path,
    what: Export,
    now: SystemTime,
    zone: &TimeZone,
    text: &str,
) -> Result<String, String> {
    let stamp = jiff::Timestamp::try_from(now).unwrap_or_default().to_zoned(zone.clone()).strftime("%Y%m%d-%H%M%S");
    let base = format!("stickylb-{}-{stamp}", what.name());
    let names = (1..100).map(|n| match n {
        1 => format!("{base}.{}", what.extension()),
        n => format!("{base}-{n}.{}", what.extension()),
    });
    let shown = Untrusted::new(folder.display().to_string());
    for name in names {
        match File::options().write(true).create_new(true).open(folder.join(&name)) {
            Ok(mut file) => {
                return match file.write_all(text.as_bytes()) {
                    Ok(()) => Ok(format!("{name} is written in {shown}")),
                    Err(error) => Err(format!("{name} could not be written whole: {error}")),
                };
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(format!("nothing can be written in {shown}: {error}")),
        }
    }
    Err(format!("there are a hundred exports of this second in {shown}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_never_written_over_and_an_error_is_a_sentence() {
        let folder = tempfile::tempdir().expect("a folder");
        let save = |folder: &Path, text| save(folder, Export::Report, SystemTime::UNIX_EPOCH, &TimeZone::UTC, text);
        for (text, name) in
            [("one", "stickylb-report-19700101-000000.md"), ("two", "stickylb-report-19700101-000000-2.md")]
        {
            let said = save(folder.path(), text).expect("written");
            assert!(said.starts_with(name), "{said}");
            assert_eq!(std::fs::read_to_string(folder.path().join(name)).expect("read"), text);
        }
        let error = save(&folder.path().join("none"), "").expect_err("no folder");
        assert!(error.starts_with("nothing can be written in ") && error.contains("No such file"), "{error}");
    }

    #[test]
    fn every_export_has_a_key_of_its_own() {
        for export in Export::ALL {
            let key = export.name().chars().next().expect("a name");
            assert_eq!(Export::of_key(key), Some(export));
        }
    }
}
