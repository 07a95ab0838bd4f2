use std::borrow::Cow;

use super::hidden::is_hidden;
use super::*;

fn shown(text: &str) -> String {
    Untrusted::new(text).to_string()
}

#[test]
fn what_would_move_a_terminal_is_written_out() {
    assert_eq!(shown("a\x1b]0;title\x07b"), "a\\x1b]0;title\\x07b");
    assert_eq!(shown("\u{9b}31m"), "\\x9b31m");
    assert_eq!(shown("one\r\ntwo"), "one\\x0d\\x0atwo");
    assert_eq!(shown("abc\u{202e}gnp"), "abc\\u{202e}gnp");
    assert_eq!(shown("zero\u{200b}width"), "zero\\u{200b}width");
}

#[test]
fn characters_that_show_nothing_are_written_out() {
    // One of each kind of Default_Ignorable_Code_Point: fillers, joiners, selectors, tags and what is yet unassigned.
    for c in [
        '\u{ad}',
        '\u{34f}',
        '\u{115f}',
        '\u{1160}',
        '\u{17b4}',
        '\u{180b}',
        '\u{180f}',
        '\u{200d}',
        '\u{2065}',
        '\u{3164}',
        '\u{fe0f}',
        '\u{ffa0}',
        '\u{fff0}',
        '\u{1bca0}',
        '\u{1d173}',
        '\u{e0001}',
        '\u{e01ef}',
        '\u{e0fff}',
    ] {
        let code = u32::from(c);
        let written = if code < 0x100 { format!("a\\x{code:02x}b") } else { format!("a\\u{{{code:x}}}b") };
        assert_eq!(shown(&format!("a{c}b")), written);
    }
}

#[test]
fn however_it_is_printed_nothing_hidden_is_left() {
    #[derive(Debug)]
    struct Event {
        #[expect(dead_code, reason = "it is there to be printed")]
        path: Untrusted<String>,
    }
    for c in ('\0'..=char::MAX).filter(|c| is_hidden(*c)) {
        let text = Untrusted::new(format!("a{c}b"));
        let printed = [
            format!("{text}"),
            format!("{text:?}"),
            format!("{text:12}|{text:>12}|{text:.2}"),
            format!("{:#?}", Event { path: text.clone() }).replace('\n', ""),
            text.shown().into_owned(),
        ];
        assert!(!printed.iter().any(|printed| printed.chars().any(is_hidden)), "{printed:?}");
        assert!(!text.is_plain());
        assert_eq!(text.raw(), format!("a{c}b"));
    }
}

#[test]
fn shown_text_is_shown_the_same_again() {
    let once = shown("\x1b[2J \\ \u{202e}");
    assert_eq!(shown(&once), once);
}

#[test]
fn plain_text_of_any_script_is_left_alone_and_not_copied() {
    for text in ["", "/api/cart?q=1", "grüße", "日本語", "👍"] {
        assert!(matches!(Untrusted::new(text).shown(), Cow::Borrowed(shown) if shown == text), "{text}");
        assert!(Untrusted::new(text).is_plain());
        assert_eq!(shown(text), text);
    }
}

#[test]
fn a_width_and_a_precision_count_what_is_shown() {
    let text = Untrusted::new("\x1b[2J");
    assert_eq!(format!("{text:>9}|{text:<9}|{text:.3}"), "  \\x1b[2J|\\x1b[2J  |\\x1");
    assert_eq!(format!("{:6}|", Untrusted::new("abc")), "abc   |");
}

#[test]
fn serde_passes_it_as_it_came() {
    let text: Untrusted<String> = "a\x1b".into();
    let json = serde_json::to_string(&text).expect("JSON");
    assert_eq!(json, r#""a\u001b""#);
    assert_eq!(serde_json::from_str::<Untrusted<String>>(&json).expect("the same"), text);
}

#[test]
fn json_for_a_terminal_stays_the_same_json() {
    let hostile = serde_json::json!({ "a": "\u{1b}[2J\u{7f}\u{9b}31m\u{202e}\u{e0041}日本語\n" });
    for escaped in [json(&hostile).expect("JSON"), json_value(&hostile), pretty_json(&hostile).expect("JSON")] {
        assert!(!escaped.replace('\n', "").chars().any(is_hidden), "{escaped}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&escaped).expect("JSON"), hostile);
    }
    assert_eq!(json_value(&hostile).lines().count(), 1);
    let plain = serde_json::json!({ "a": ["b", 1] });
    assert_eq!(json_value(&plain), r#"{"a":["b",1]}"#);
    assert_eq!(pretty_json(&plain).expect("JSON"), "{\n  \"a\": [\n    \"b\",\n    1\n  ]\n}");
}
