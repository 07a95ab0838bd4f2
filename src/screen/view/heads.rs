//! The heads of a request and its response as received, and what the balancer changed in them.

use ratatui::style::Style;
use ratatui::text::{Line, Span};
use stickylb::api::{Part, RequestEvent};

use super::bodies;
use crate::screen::action::Action;
use crate::screen::head::{Field, Reveal, parts, text};
use crate::screen::state::State;
use crate::screen::theme::Theme;

/// The lines for a request's heads; secret values are shown only if `secrets` is set.
pub(crate) fn lines(state: &State, request: &RequestEvent, secrets: bool) -> Vec<Line<'static>> {
    let theme = state.theme;
    let dim = |text: String| Line::styled(text, theme.dim());
    let heads = match state.inspected.of(request) {
        Ok(Some(heads)) => heads,
        Ok(None) => return vec![Line::raw(""), dim("Its heads are on their way.".to_owned())],
        Err(why) => return vec![Line::raw(""), dim(format!("{why}."))],
    };
    let backend = request.to.as_ref().map_or_else(|| "the backend".to_owned(), |to| to.name.to_string());
    let shows = format!("  ({} shows its secrets)", state.key(Action::Secrets));
    let reveal = &state.reveal(secrets);
    let (up, down) = (heads.request_body.as_ref(), heads.answer_body.as_ref());
    let in_bodies = bodies::has_secrets(&heads.request, up) || bodies::has_secrets(&heads.passed, down);
    let in_heads = [&heads.request, &heads.answer].iter().any(|part| has_hidden(part, reveal));
    let hides = in_heads || in_bodies && !secrets;
    let mut lines = vec![Line::raw("")];
    lines.push(Line::from(vec![
        Span::styled("Request, as it came", Theme::strong()),
        Span::styled(if hides { shows } else { String::new() }, theme.dim()),
    ]));
    whole(&mut lines, &heads.request, reveal, theme);
    bodies::lines(&mut lines, &heads.request, up, secrets, theme);
    if !heads.sent.bytes.is_empty() {
        lines.push(Line::styled(format!("{backend} got it with"), Theme::strong()));
        differences(&mut lines, [&heads.request, &heads.sent], reveal, theme);
    }
    lines.push(Line::raw(""));
    if heads.answer.bytes.is_empty() && heads.passed.bytes.is_empty() {
        lines.push(Line::styled("No answer", Theme::strong()));
    } else if heads.answer.bytes.is_empty() {
        lines.push(Line::styled("Answer, the balancer's own", Theme::strong()));
        whole(&mut lines, &heads.passed, reveal, theme);
    } else {
        lines.push(Line::styled(format!("Answer, as it came from {backend}"), Theme::strong()));
        whole(&mut lines, &heads.answer, reveal, theme);
        lines.push(Line::styled("The client got it with", Theme::strong()));
        differences(&mut lines, [&heads.answer, &heads.passed], reveal, theme);
    }
    bodies::lines(&mut lines, &heads.passed, down, secrets, theme);
    if heads.request_body.is_none() && request.up + request.bytes > 0 {
        lines.push(Line::raw(""));
        let palette = state.key(Action::Palette);
        lines.push(dim(format!("Bodies were not kept: `{palette}bodies on` keeps those to come.")));
    }
    lines
}

fn has_hidden(part: &Part, reveal: &Reveal<'_>) -> bool {
    parts(&part.bytes).1.iter().any(|field| field.hides_any(reveal))
}

fn whole(lines: &mut Vec<Line<'static>>, part: &Part, reveal: &Reveal<'_>, theme: Theme) {
    let (first, fields) = parts(&part.bytes);
    lines.push(Line::raw(text(first)));
    for field in fields {
        lines.push(Line::from(vec![
            Span::styled(format!("{}: ", text(field.name)), theme.dim()),
            Span::raw(field.shown(reveal, theme)),
        ]));
    }
    if part.cut {
        lines.push(Line::styled("and more, which is not kept", theme.dim()));
    }
}

/// Adds the lines that are in only one of the heads; returns how many. Field order and name case are ignored.
pub(crate) fn differences(
    lines: &mut Vec<Line<'static>>,
    [before, after]: [&Part; 2],
    reveal: &Reveal<'_>,
    theme: Theme,
) -> usize {
    let ((first, before), (other, after)) = (parts(&before.bytes), parts(&after.bytes));
    let same = |a: &Field<'_>, b: &Field<'_>| a.name.eq_ignore_ascii_case(b.name) && a.value == b.value;
    let mut added: Vec<&Field<'_>> = after.iter().collect();
    let mut gone = Vec::new();
    for field in &before {
        match added.iter().position(|other| same(field, other)) {
            Some(at) => drop(added.remove(at)),
            None => gone.push(field),
        }
    }
    let mut count = 0;
    let mut line = |sign: &str, style: Style, words: String| {
        lines.push(Line::styled(format!("{sign} {words}"), style));
        count += 1;
    };
    if first != other {
        line("-", theme.bad(), text(first));
        line("+", theme.good(), text(other));
    }
    for (sign, style, fields) in [("-", theme.bad(), gone), ("+", theme.good(), added)] {
        for field in fields {
            line(sign, style, format!("{}: {}", text(field.name), field.shown(reveal, theme)));
        }
    }
    if count == 0 {
        lines.push(Line::styled("no change", theme.dim()));
    }
    count
}
