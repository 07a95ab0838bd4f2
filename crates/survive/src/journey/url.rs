//! The parts of a target or URL that ids stand in.

use std::borrow::Cow;
use std::ops::Range;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// What needs no percent-encoding in a path's segment or a query's value (RFC 3986 2.3).
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// A part of a target.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// Path and query of a whole URL.
    Target,
    /// The path, without a query.
    Path,
    /// A segment of the path, by its place.
    Segment(usize),
    /// The value of a parameter of the query.
    Query(String),
}

/// How text is written where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Codec {
    /// As it is.
    Raw,
    /// Percent-encoded.
    Percent,
    /// Percent-encoded with `+` for a space.
    Form,
    /// In a JSON string.
    JsonString,
    /// As a JSON number.
    JsonNumber,
}

impl Codec {
    /// Text out of what it is written in.
    pub(super) fn read(self, raw: &str) -> Cow<'_, str> {
        match self {
            Codec::Percent => percent_decode_str(raw).decode_utf8().unwrap_or(Cow::Borrowed(raw)),
            Codec::Form => {
                let spaced = if raw.contains('+') { Cow::Owned(raw.replace('+', " ")) } else { Cow::Borrowed(raw) };
                match percent_decode_str(&spaced).decode_utf8() {
                    Ok(text) => Cow::Owned(text.into_owned()),
                    Err(_) => spaced,
                }
            }
            Codec::JsonString if raw.contains('\\') => {
                serde_json::from_str(&format!("\"{raw}\"")).map_or(Cow::Borrowed(raw), Cow::Owned)
            }
            _ => Cow::Borrowed(raw),
        }
    }

    /// Text as it is written here; `None` where it cannot be.
    pub(super) fn write(self, text: &str) -> Option<String> {
        match self {
            Codec::Raw => (!text.bytes().any(|byte| byte.is_ascii_control())).then(|| text.to_owned()),
            Codec::Percent => Some(utf8_percent_encode(text, ENCODED).to_string()),
            Codec::Form => Some(utf8_percent_encode(text, ENCODED).to_string().replace("%20", "+")),
            Codec::JsonString => {
                let quoted = serde_json::to_string(text).ok()?;
                Some(quoted[1..quoted.len() - 1].to_owned())
            }
            Codec::JsonNumber => text.parse::<serde_json::Number>().ok().map(|_| text.to_owned()),
        }
    }
}

/// Where path and query begin in a URL or target: behind `http://host`, if it has that.
fn target_start(url: &str) -> usize {
    let Some(at) = url.find("://") else { return 0 };
    if !url[..at].bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return 0;
    }
    url[at + 3..].find(['/', '?', '#']).map_or(url.len(), |slash| at + 3 + slash)
}

/// The parts of a URL or target with where each is and how it is written; the widest first.
pub(super) fn parts(url: &str) -> Vec<(Part, Range<usize>, Codec)> {
    let start = target_start(url);
    let end = url.find('#').map_or(url.len(), |hash| hash.max(start));
    let target = &url[start..end];
    let mut found = Vec::new();
    if !target.contains(['/', '?']) {
        return found;
    }
    let question = target.find('?').map_or(end, |at| start + at);
    found.push((Part::Target, start..end, Codec::Raw));
    if question < end {
        found.push((Part::Path, start..question, Codec::Raw));
    }
    let mut at = start;
    for (place, segment) in url[start..question].split('/').enumerate() {
        if !segment.is_empty() {
            found.push((Part::Segment(place), at..at + segment.len(), Codec::Percent));
        }
        at += segment.len() + 1;
    }
    let mut at = question + 1;
    for pair in url.get(question + 1..end).unwrap_or_default().split('&') {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        if !value.is_empty() {
            let value_at = at + name.len() + 1;
            found.push((
                Part::Query(Codec::Form.read(name).into_owned()),
                value_at..value_at + value.len(),
                Codec::Form,
            ));
        }
        at += pair.len() + 1;
    }
    found
}

impl Part {
    /// This part of a value.
    pub(super) fn of(&self, value: &str) -> Option<String> {
        if *self == Part::Whole {
            return Some(value.to_owned());
        }
        let found = parts(value).into_iter().find(|(part, ..)| part == self)?;
        Some(found.2.read(&value[found.1]).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_has_segments_and_parameters() {
        let url = "http://localhost:3000/up%20load/abc?x=1&sid=a%2Bb+c#top";
        let read = |part: Part| part.of(url);
        assert_eq!(read(Part::Target).as_deref(), Some("/up%20load/abc?x=1&sid=a%2Bb+c"));
        assert_eq!(read(Part::Path).as_deref(), Some("/up%20load/abc"));
        assert_eq!(read(Part::Segment(1)).as_deref(), Some("up load"));
        assert_eq!(read(Part::Segment(2)).as_deref(), Some("abc"));
        assert_eq!(read(Part::Query("sid".to_owned())).as_deref(), Some("a+b c"));
        assert_eq!(Part::Whole.of("plain").as_deref(), Some("plain"));
        assert_eq!(Part::Segment(0).of("plain"), None);
        for odd in
            ["", "?", "/", "://", "http://", "/?", "/?a", "/?=", "#/a", "a#b?c/d", "/%", "?&&=&", "é://x/ü?ö=%ff"]
        {
            for (_, span, codec) in parts(odd) {
                let _ = codec.read(&odd[span]);
            }
        }
    }

    #[test]
    fn what_is_written_reads_as_it_was() {
        for text in ["plain", "a b+c", "ü/ö?x=y&z", "\"q\"\\"] {
            for codec in [Codec::Percent, Codec::Form] {
                assert_eq!(codec.read(&codec.write(text).expect("written")), text);
            }
        }
        assert_eq!(Codec::JsonString.write("a\"b").as_deref(), Some("a\\\"b"));
        assert_eq!(Codec::JsonNumber.write("12"), Some("12".to_owned()));
        assert_eq!(Codec::JsonNumber.write("1x"), None);
        assert_eq!(Codec::Raw.write("a\r\nb"), None, "no line of its own");
    }
}
