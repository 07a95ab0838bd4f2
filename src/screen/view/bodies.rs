//! A kept body as text in the inspector, with its secrets hidden.

use ratatui::text::{Line, Span};
use stickylb::api::{Body, Part};

use crate::screen::body::{Content, amount, readable};
use crate::screen::head::{hidden, text};
use crate::screen::secrets;
use crate::screen::theme::Theme;

/// Adds the lines of the body behind this head, where it is kept.
pub(crate) fn lines(lines: &mut Vec<Line<'static>>, head: &Part, body: Option<&Body>, secrets: bool, theme: Theme) {
    let Some(body) = body else { return };
    let read = readable(head, body);
    let kind = match read.content {
        Content::Empty => return,
        Content::Binary => ", binary",
        Content::Text | Content::Coded => "",
    };
    let coding = read.coding.map(|coding| format!(", {coding}")).unwrap_or_default();
    lines.push(Line::from(vec![
        Span::styled("Body", Theme::strong()),
        Span::styled(format!(", {}{coding}{kind}", amount(body)), theme.dim()),
    ]));
    if read.content != Content::Text {
        return;
    }
    let shown = if secrets { read.bytes.as_ref().into() } else { secrets::masked(&read.bytes, |n| hidden(n, theme)) };
    for line in shown.split(|byte| *byte == b'\n') {
        // A tab would be shown as a control character, and is harmless as blanks.
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        let blanks = line.split(|byte| *byte == b'\t').map(text).collect::<Vec<_>>().join("    ");
        lines.push(Line::raw(blanks));
    }
}

/// Whether something in the body is hidden until it is asked for.
pub(crate) fn has_secrets(head: &Part, body: Option<&Body>) -> bool {
    body.map(|body| readable(head, body))
        .is_some_and(|read| read.content == Content::Text && !secrets::find(&read.bytes).is_empty())
}
