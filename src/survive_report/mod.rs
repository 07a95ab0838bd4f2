//! What `survive` has found, as text, as JSON and as JUnit XML, and how far it has come, in a few words.

mod fit;
mod helps;
mod junit;
mod progress;
#[cfg(test)]
pub(crate) mod sample;
mod sticky;
mod text;

use stickylb::api::SurviveReport;
use stickylb::untrusted::pretty_json;

pub(crate) use progress::progress;
pub(crate) use text::text;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    #[default]
    Text,
    /// All of it, for programs.
    Json,
    /// For continuous integration.
    Junit,
}

impl Form {
    /// The form that these options ask for; of the two, at most one is given.
    pub(crate) const fn of(json: bool, junit: bool) -> Self {
        match (json, junit) {
            (true, _) => Form::Json,
            (_, true) => Form::Junit,
            _ => Form::Text,
        }
    }

    /// Writes a report; as text at most this wide, where there is a limit.
    ///
    /// # Errors
    /// It cannot be written as JSON; why, as one sentence.
    pub(crate) fn write(self, report: &SurviveReport, columns: Option<usize>) -> Result<String, String> {
        match self {
            Form::Text => Ok(text(report, columns)),
            Form::Json => pretty_json(report).map_err(|error| format!("cannot write the report as JSON: {error}")),
            Form::Junit => Ok(junit::junit(report)),
        }
    }
}

/// Whether a run with this report fails: something was found, or it did not come to its end.
pub(crate) fn fails(report: &SurviveReport) -> bool {
    report.failures() > 0 || report.partial.is_some()
}
