//! A line without what differs each time it is written.

/// What stands for a number, a time, an id.
const PLACE: &str = "#";

/// The line with a `#` for each date, time, duration, number and id, so that two lines of one kind are the same. Colours
/// and other control sequences are left out.
pub(super) fn template(line: &str) -> String {
    let plain = plain(line);
    let mut words: Vec<String> = Vec::new();
    for word in plain.split_whitespace() {
        let word = word_of(word);
        let is_place = |word: &String| word.chars().all(|c| c == '#' || c.is_ascii_punctuation());
        let behind_a_number = words.last().is_some_and(is_place);
        // A unit, a month or half of the day belongs to the number beside it, and what several numbers say is one thing.
        if behind_a_number && (is_of_time(&word) || word == PLACE) {
            continue;
        }
        words.push(if is_of_date(&word) { PLACE.to_owned() } else { word });
    }
    words.join(" ")
}

/// Without control sequences (ECMA-48 5.4).
fn plain(line: &str) -> String {
    let mut plain = String::with_capacity(line.len());
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        if c == '\u{1b}' {
            if chars.next() == Some('[') {
                chars.find(|c| matches!(c, '@'..='~'));
            }
        } else if !c.is_control() || c == '\t' {
            plain.push(c);
        }
    }
    plain
}

/// One word: what is a number or an id in it is a `#`.
fn word_of(word: &str) -> String {
    let mut out = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let length = rest.find(|c: char| !is_of_an_id(c)).unwrap_or(rest.len());
        if length == 0 {
            let next = rest.chars().next().map_or(rest.len(), char::len_utf8);
            out.push_str(&rest[..next]);
            rest = &rest[next..];
            continue;
        }
        let (part, behind) = rest.split_at(length);
        push(&mut out, part);
        rest = behind;
    }
    out
}

fn is_of_an_id(c: char) -> bool {
    c.is_alphanumeric() || matches!(c, '-' | '_' | ':' | '.' | '+')
}

/// A part of letters, digits and what joins them.
fn push(out: &mut String, part: &str) {
    let core = part.trim_end_matches(['.', ':', '-', '+', '_']);
    let tail = &part[core.len()..];
    let digits = core.chars().filter(char::is_ascii_digit).count();
    let letters = core.chars().filter(|c| c.is_alphabetic()).count();
    let hex = core.chars().all(|c| c.is_ascii_hexdigit() || c == '-');
    // Dates, times, addresses, versions and numbers; ids of eight characters and more; what is hexadecimal.
    let is_number = digits > 0 && letters <= 2;
    let is_id = digits > 0 && (core.len() >= 8 && digits * 6 >= core.len() || hex && core.len() >= 6);
    if is_number || is_id || is_uuid(core) {
        out.push_str(PLACE);
    } else {
        let mut last = ' ';
        for c in core.chars() {
            let c = if c.is_ascii_digit() { '#' } else { c };
            if c != '#' || last != '#' {
                out.push(c);
            }
            last = c;
        }
    }
    out.push_str(tail);
}

fn is_uuid(word: &str) -> bool {
    word.len() == 36 && word.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// Units of time and size, and what stands behind a time.
fn is_of_time(word: &str) -> bool {
    const UNITS: [&str; 22] = [
        "ms", "s", "m", "h", "us", "µs", "ns", "sec", "secs", "second", "seconds", "min", "mins", "minute", "minutes",
        "am", "pm", "utc", "gmt", "kb", "mb", "gb",
    ];
    is_of_date(word) || is_one_of(word, &UNITS)
}

/// Days of the week and months.
fn is_of_date(word: &str) -> bool {
    const NAMES: [&str; 19] = [
        "mon", "tue", "wed", "thu", "fri", "sat", "sun", "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep",
        "oct", "nov", "dec",
    ];
    word.starts_with(|c: char| c.is_ascii_uppercase()) && is_one_of(word, &NAMES)
}

fn is_one_of(word: &str, words: &[&str]) -> bool {
    let word = word.trim_matches(|c: char| c.is_ascii_punctuation());
    words.iter().any(|one| one.eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_one_kind_are_the_same() {
        for (one, other) in [
            ("[2026-11-29T17:00:01.123Z] sent 3 mails in 12.5ms", "[2026-11-29T17:01:01.003Z] sent 17 mails in 1.2s"),
            ("Sun Nov 29 2026 17:00:01 job done", "Mon Dec 1 2026 07:10:59 job done"),
            ("job 550e8400-e29b-41d4-a716-446655440000 done", "job 6ba7b810-9dad-11d1-80b4-00c04fd430c8 done"),
            ("pid 4711 on :3001 cleaned", "pid 912 on :41233 cleaned"),
            ("\u{1b}[32minfo\u{1b}[0m cron: sending mails", "info cron: sending mails"),
            ("took 234 ms", "took 1.2 s"),
            ("17:00:01 [worker-1] tick 0xdeadbeef1", "17:00:02 [worker-2] tick 0xcafebabe2"),
            ("10.0.0.1 - cleaned up", "192.168.1.77 - cleaned up"),
            ("run 7f3a9c done", "run 00ff12 done"),
            ("at 5:03 PM", "at 11:42 AM"),
        ] {
            assert_eq!(template(one), template(other), "{one}");
        }
    }

    #[test]
    fn lines_of_two_kinds_are_not() {
        for (one, other) in [
            ("cron: sending mails", "cron: cleaning up"),
            ("cache warmed", "cafe warmed"),
            ("user alice logged in", "user bob logged in"),
            ("started", "stopped"),
        ] {
            assert_ne!(template(one), template(other), "{one}");
        }
    }
}
