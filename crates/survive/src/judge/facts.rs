//! An answer into facts.

use super::places::{Facts, Kind, Places, hash};
use super::{headers, html, json, text};
use crate::{Answer, End};

/// Takes an answer apart into places and their values, so that it can be compared with others. A body that is still
/// compressed is compared by its bytes alone: see [`Answer::unpack`].
pub fn facts(answer: &Answer) -> Facts {
    let mut places = Places::default();
    headers::read(&answer.fields, &mut places);
    // How much of a stream came in the time there was says nothing.
    let ended = matches!(answer.end, End::Whole | End::Longer);
    let kind = if ended { body(answer, &mut places) } else { Kind::Empty };
    let outcome = match (answer.status, answer.end) {
        (0, End::Held) => "no answer in time".to_owned(),
        (0, _) => "no answer".to_owned(),
        (status, End::Held) => format!("{status} held open"),
        (status, End::Cut) => format!("{status} cut short"),
        (status, End::Whole | End::Longer) => status.to_string(),
    };
    let whole = ended && answer.end == End::Whole && !places.full;
    Facts { outcome, kind, whole, places: places.facts }
}

fn body(answer: &Answer, into: &mut Places) -> Kind {
    let encoding = answer.fields.text("Content-Encoding").unwrap_or("identity").trim().to_ascii_lowercase();
    let media = answer.fields.text("Content-Type").unwrap_or("").to_ascii_lowercase();
    let (essence, parameters) = media.split_once(';').unwrap_or((&media, ""));
    let essence = essence.trim();
    if answer.body.is_empty() {
        return Kind::Empty;
    }
    if parameters.contains("version=0.0.4") || essence == "application/openmetrics-text" {
        return Kind::Metrics;
    }
    if encoding != "identity" {
        return bytes(&answer.body, &format!("body in {encoding}"), into);
    }
    let whole = answer.end == End::Whole;
    let body = match std::str::from_utf8(&answer.body) {
        Ok(body) => body,
        // A character that was cut at the end of what is kept.
        Err(error) if error.error_len().is_none() && !whole => {
            std::str::from_utf8(&answer.body[..error.valid_up_to()]).unwrap_or("")
        }
        Err(_) if essence.contains("html") => {
            return page(&String::from_utf8_lossy(&answer.body), whole, into);
        }
        Err(_) => return bytes(&answer.body, "body", into),
    };
    let body = body.trim_start_matches('\u{feff}');
    let begins = body.trim_start();
    let looks_like = |beginning: &str| begins.get(..beginning.len()).is_some_and(|b| b.eq_ignore_ascii_case(beginning));
    // Not all say which version of the format it is.
    if begins.starts_with("# HELP ") || begins.starts_with("# TYPE ") {
        return Kind::Metrics;
    }
    let may_be_json = begins.starts_with(['{', '[']) || essence.contains("json");
    if may_be_json && (whole && json::read(body, "", into) || json::read_lines(body, whole, into)) {
        return Kind::Json;
    }
    if may_be_json && !whole && json::read_beginning(body, into) {
        return Kind::Json;
    }
    if essence.contains("html") || essence.contains("xml") || looks_like("<!doctype html") || looks_like("<html") {
        return page(body, whole, into);
    }
    if body.contains('\0') {
        return bytes(&answer.body, "body", into);
    }
    text::read(body, "", into);
    without_cut_off(whole, into);
    Kind::Text
}

fn page(body: &str, whole: bool, into: &mut Places) -> Kind {
    html::read(body, into);
    without_cut_off(whole, into);
    Kind::Html
}

/// Takes back what was read last where the body goes on: how much is there of it depends on the length of all before.
fn without_cut_off(whole: bool, into: &mut Places) {
    if !whole {
        into.facts.pop();
    }
}

fn bytes(body: &[u8], place: &str, into: &mut Places) -> Kind {
    into.add(place, place, format!("{} bytes, hash {:016x}", body.len(), hash(body)));
    Kind::Bytes
}
