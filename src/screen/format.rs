//! Formats numbers, times and text for a limited number of columns.

use jiff::tz::TimeZone;
use std::time::{Duration, SystemTime};
use stickylb::untrusted::Untrusted;
use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use super::theme::Theme;
use crate::words::response_time;

/// A count in at most five columns: `41022`, `410k`, `4.1M`.
pub(crate) fn count(n: u64) -> String {
    match n {
        0..100_000 => n.to_string(),
        100_000..1_000_000 => format!("{}k", n / 1000),
        1_000_000..10_000_000 => format!("{}.{}M", n / 1_000_000, n % 1_000_000 / 100_000),
        10_000_000..1_000_000_000 => format!("{}M", n / 1_000_000),
        _ => format!("{}G", n / 1_000_000_000),
    }
}

/// `1,204 bytes`
pub(crate) fn bytes(n: u64) -> String {
    let digits = n.to_string();
    let mut out = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    format!("{out} byte{}", if n == 1 { "" } else { "s" })
}

/// A response time in at most six columns: `0.4ms`, `17ms`, `2.5s`, `130s`.
pub(crate) fn micros(micros: u64) -> String {
    response_time(micros).replace(' ', "")
}

/// [`micros`] for a [`Duration`].
pub(crate) fn duration(took: Duration) -> String {
    micros(u64::try_from(took.as_micros()).unwrap_or(u64::MAX))
}

/// An age in at most four columns: `12s`, `5m`, `3h`, `2d`.
pub(crate) fn age(seconds: u64) -> String {
    match seconds {
        0..100 => format!("{seconds}s"),
        100..6_000 => format!("{}m", seconds / 60),
        6_000..360_000 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86_400),
    }
}

/// A time of the day: `12:04:31`, with milliseconds `12:04:31.220`.
pub(crate) fn clock(time: SystemTime, millis: bool, zone: &TimeZone) -> String {
    let stamp = jiff::Timestamp::try_from(time).unwrap_or_default();
    let format = if millis { "%H:%M:%S%.3f" } else { "%H:%M:%S" };
    stamp.to_zoned(zone.clone()).strftime(format).to_string()
}

/// A share from 0 to 1 as whole per cent, without the sign.
pub(crate) fn percent(share: f64) -> String {
    format!("{:.0}", share * 100.0)
}

/// A sparkline of the last values, one column each, scaled to the highest shown.
pub(crate) fn spark(values: &[u64], columns: usize, theme: Theme) -> String {
    let shown = &values[values.len().saturating_sub(columns)..];
    spark_to(shown, shown.iter().copied().max().unwrap_or(0), theme)
}

/// A sparkline of values, one column each, scaled to `most`, so that several can be compared.
pub(crate) fn spark_to(values: &[u64], most: u64, theme: Theme) -> String {
    let most = most.max(1);
    let glyphs = theme.spark_glyphs();
    values
        .iter()
        .map(|value| {
            let level = (value * 7).div_ceil(most);
            glyphs[usize::try_from(level).unwrap_or(7).min(7)]
        })
        .collect()
}

/// Shortens a `localhost` or `127.0.0.1` address that does not fit to its `:port`; other names stay as they are.
pub(crate) fn short_name<'t>(name: impl Into<Untrusted<&'t str>>, columns: usize) -> Untrusted<&'t str> {
    let name = name.into().into_raw();
    if name.width() <= columns {
        return name.into();
    }
    let port = name.strip_prefix("localhost").or_else(|| name.strip_prefix("127.0.0.1"));
    port.filter(|port| port.starts_with(':')).unwrap_or(name).into()
}

/// `text` escaped, cut to `columns` with an ellipsis, and padded with spaces.
pub(crate) fn fit<'t>(text: impl Into<Untrusted<&'t str>>, columns: usize, theme: Theme) -> String {
    padded(cut(text, columns, theme), columns)
}

/// `text` with spaces up to `columns`.
pub(crate) fn padded(mut text: String, columns: usize) -> String {
    text.extend(std::iter::repeat_n(' ', columns.saturating_sub(text.width())));
    text
}

/// `text` escaped, and cut in its middle to `columns`: names of one kind differ at their end, such as `api-server-0` and
/// `api-server-1`.
pub(crate) fn cut_middle<'t>(text: impl Into<Untrusted<&'t str>>, columns: usize, theme: Theme) -> String {
    let text = text.into();
    let text = text.shown();
    if text.width() <= columns {
        return text.into_owned();
    }
    let room = columns.saturating_sub(1);
    let fits = |most: usize| {
        let mut used = 0;
        move |c: &char| {
            used += c.width().unwrap_or(0);
            used <= most
        }
    };
    let end: Vec<char> = text.chars().rev().take_while(fits(room.div_ceil(2))).collect();
    let beginning = text.chars().take_while(fits(room / 2)).collect::<String>();
    let ellipsis = if columns > 0 { theme.ellipsis() } else { "" };
    beginning + ellipsis + &end.into_iter().rev().collect::<String>()
}

/// [`fit`], padded on the left.
pub(crate) fn fit_right<'t>(text: impl Into<Untrusted<&'t str>>, columns: usize, theme: Theme) -> String {
    let out = cut(text, columns, theme);
    let mut filled: String = std::iter::repeat_n(' ', columns.saturating_sub(out.width())).collect();
    filled.push_str(&out);
    filled
}

/// `text` escaped, and cut to `columns` with an ellipsis.
pub(crate) fn cut<'t>(text: impl Into<Untrusted<&'t str>>, columns: usize, theme: Theme) -> String {
    let text = text.into();
    let text = text.shown();
    if text.width() <= columns {
        return text.into_owned();
    }
    let mut out = String::new();
    let mut used = 0;
    for c in text.chars() {
        let width = c.width().unwrap_or(0);
        if used + width + 1 > columns {
            break;
        }
        used += width;
        out.push(c);
    }
    if columns > 0 {
        out.push_str(theme.ellipsis());
    }
    out
}

/// `text` escaped, and wrapped at spaces to lines of at most `columns`; a longer word is broken.
pub(crate) fn wrapped<'t>(text: impl Into<Untrusted<&'t str>>, columns: usize) -> Vec<String> {
    let (mut lines, mut line, mut used) = (Vec::new(), String::new(), 0);
    for word in text.into().shown().split(' ') {
        let width = word.width();
        if used > 0 && used + 1 + width > columns {
            lines.push(std::mem::take(&mut line));
            used = 0;
        }
        if used > 0 {
            line.push(' ');
            used += 1;
        }
        for c in word.chars() {
            let width = c.width().unwrap_or(0);
            if used > 0 && used + width > columns {
                lines.push(std::mem::take(&mut line));
                used = 0;
            }
            line.push(c);
            used += width;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::Colors;

    const THEME: Theme = Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark };

    #[test]
    fn figures_stay_within_their_columns() {
        for n in [0, 9, 99_999, 100_000, 999_999, 1_234_567, 99_999_999, 123_456_789_000] {
            assert!(count(n).len() <= 5, "{n}: {}", count(n));
        }
        for n in [0, 49, 9_949, 9_950, 999_499, 999_500, 99_949_999, 3_600_000_000] {
            assert!(micros(n).len() <= 6, "{n}: {}", micros(n));
        }
        for n in [0, 99, 100, 5_999, 6_000, 359_999, 360_000, 8_640_000] {
            assert!(age(n).len() <= 4, "{n}: {}", age(n));
        }
        assert_eq!((micros(430), micros(17_400), micros(2_500_000)), ("0.4ms".into(), "17ms".into(), "2.5s".into()));
    }

    #[test]
    fn names_that_differ_at_their_end_are_told_apart_however_short_they_are_cut() {
        for columns in 4..12 {
            let [one, other] = ["api-server-0", "api-server-1"].map(|name| cut_middle(name, columns, THEME));
            assert_ne!(one, other);
            assert_eq!(one.width(), columns);
        }
        assert_eq!(cut_middle("api-server-0", 9, THEME), "api-…er-0");
        assert_eq!(cut_middle("日本語-0", 5, THEME), "日…-0");
        assert_eq!(
            [cut_middle("alpha", 5, THEME), cut_middle("alpha", 1, THEME), cut_middle("alpha", 0, THEME)].join("|"),
            "alpha|…|"
        );
    }

    #[test]
    fn wide_characters_are_cut_by_their_width() {
        assert_eq!(fit("日本語", 5, THEME), "日本…");
        assert_eq!(fit("日本語", 4, THEME), "日… ");
        assert_eq!(fit("abc", 5, THEME), "abc  ");
        assert_eq!(fit_right("abc", 5, THEME), "  abc");
        assert_eq!(fit("abc", 0, THEME), "");
    }

    #[test]
    fn long_text_is_broken_at_spaces_and_longer_words_anywhere() {
        assert_eq!(wrapped("one two three", 7), ["one two", "three"]);
        assert_eq!(wrapped("a longword b", 4), ["a", "long", "word", "b"]);
        assert_eq!(wrapped("日本語", 5), ["日本", "語"]);
        assert_eq!(wrapped("", 5), [""]);
        assert_eq!(wrapped("\x1b[2J", 80), ["\\x1b[2J"]);
    }

    #[test]
    fn what_is_shown_cannot_move_the_cursor() {
        assert_eq!(fit("\x1b[2J", 8, THEME), "\\x1b[2J ");
    }

    #[test]
    fn a_spark_is_as_high_as_its_highest() {
        assert_eq!(spark(&[0, 1, 4, 8], 3, THEME), "▂▅█");
        assert_eq!(spark(&[0, 0], 8, THEME), "▁▁");
    }
}
