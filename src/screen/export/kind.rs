//! The export formats and their names.

/// What an export contains, and its format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Export {
    /// The screen as plain text.
    Text,
    /// The screen with ANSI colours; `cat` shows it.
    Ansi,
    /// The screen as an SVG picture.
    Svg,
    /// The log lines the filter shows, as JSON Lines.
    Log,
    /// The held requests that the filter shows, as an HTTP archive (HAR 1.2).
    Har,
    /// Totals, backends and the last state changes, in Markdown.
    Report,
}

impl Export {
    /// All formats, in the order of the dialog.
    pub(crate) const ALL: [Export; 6] =
        [Export::Text, Export::Ansi, Export::Svg, Export::Log, Export::Har, Export::Report];

    /// The name in commands and file names; its first letter is the key in the dialog.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Export::Text => "text",
            Export::Ansi => "ansi",
            Export::Svg => "svg",
            Export::Log => "log",
            Export::Har => "har",
            Export::Report => "report",
        }
    }

    /// The description shown in the dialog.
    pub(crate) const fn help(self) -> &'static str {
        match self {
            Export::Text => "this screen as text",
            Export::Ansi => "this screen with its colours, for cat",
            Export::Svg => "this screen as a picture (SVG)",
            Export::Log => "the log's lines as JSON, one a line",
            Export::Har => "the held requests with heads and bodies (HAR)",
            Export::Report => "a report of figures, backends and changes (Markdown)",
        }
    }

    /// The format selected by this key in the dialog.
    pub(crate) fn of_key(key: char) -> Option<Export> {
        Export::ALL.into_iter().find(|export| export.name().starts_with(key))
    }

    pub(super) const fn extension(self) -> &'static str {
        match self {
            Export::Text => "txt",
            Export::Ansi => "ans",
            Export::Svg => "svg",
            Export::Log => "jsonl",
            Export::Har => "har",
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
            .ok_or_else(|| format!("'{name}' cannot be exported: text, ansi, svg, log, har or report"))
    }
}
