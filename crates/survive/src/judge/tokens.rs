//! Values in pieces, so that a varying time in a sentence does not hide the rest of it.

/// What stands between pieces. Neither `:` nor `.` nor `-` does: a time, a version and a host with its port are one piece.
const BETWEEN: [char; 17] = ['"', '(', ')', '[', ']', '{', '}', '<', '>', ',', ';', '=', '&', '?', '|', '/', '`'];

/// The pieces of a value in their order.
pub(super) fn tokens(value: &str) -> Vec<&str> {
    value.split(|c: char| c.is_whitespace() || BETWEEN.contains(&c)).filter(|piece| !piece.is_empty()).collect()
}

/// The one number in a piece, and what stands before and behind it: `#17.` is `#`, 17 and `.`.
pub(super) fn number(piece: &str) -> Option<(&str, i64, &str)> {
    let start = piece.find(|c: char| c.is_ascii_digit())?;
    let digits = piece[start..].find(|c: char| !c.is_ascii_digit()).unwrap_or(piece.len() - start);
    let (number, after) = piece[start..].split_at(digits);
    let alone = !after.contains(|c: char| c.is_ascii_digit()) && number.len() <= 15;
    alone.then(|| number.parse().ok().map(|number| (&piece[..start], number, after))).flatten()
}

/// Whether there is a digit in it, as in each number, time and amount.
pub(super) fn has_digit(piece: &str) -> bool {
    piece.contains(|c: char| c.is_ascii_digit())
}

/// Whether it is a UUID.
pub(super) fn is_uuid(piece: &str) -> bool {
    let groups: Vec<&str> = piece.split('-').collect();
    groups.iter().map(|group| group.len()).eq([8, 4, 4, 4, 12])
        && groups.iter().all(|group| group.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether it looks drawn at random: a UUID, or 16 characters and more of hexadecimal or Base64.
pub(super) fn is_random(piece: &str) -> bool {
    let has = |what: fn(&u8) -> bool| piece.as_bytes().iter().any(what);
    let of = |what: fn(&u8) -> bool| piece.as_bytes().iter().all(what);
    let hexadecimal = of(u8::is_ascii_hexdigit) && has(u8::is_ascii_digit) && has(u8::is_ascii_alphabetic);
    let base64 = of(|byte| byte.is_ascii_alphanumeric() || b"+_-.%".contains(byte))
        && has(u8::is_ascii_digit)
        && has(u8::is_ascii_uppercase)
        && has(u8::is_ascii_lowercase);
    is_uuid(piece) || piece.len() >= 16 && (hexadecimal || base64)
}

/// Seconds and milliseconds since 1970 that are of this century.
const CENTURY: std::ops::Range<i64> = 946_684_800..4_102_444_800;

/// A date or a time, or seconds or milliseconds since 1970: as seconds on a scale of its own, on which two of one form are as far
/// apart as their times, unless a month ends between them.
pub(super) fn time(piece: &str) -> Option<i64> {
    if let Some(("", number, "" | "Z")) = number(piece) {
        return [number, number / 1000].into_iter().find(|seconds| CENTURY.contains(seconds));
    }
    let parts = piece.split(|c: char| !c.is_ascii_digit()).filter(|part| !part.is_empty());
    let parts: Vec<i64> = parts.map_while(|part| part.parse().ok().filter(|number| *number < 10_000)).collect();
    let seconds = |day: i64, time: &[i64]| {
        let part = |at: usize| time.get(at).copied().unwrap_or(0);
        ((day * 24 + part(0)) * 60 + part(1)) * 60 + part(2)
    };
    match parts.as_slice() {
        [year, month, day, time @ ..] if piece.matches('-').count() >= 2 => {
            Some(seconds((year * 12 + month) * 31 + day, time))
        }
        [_, _, ..] if piece.contains(':') && piece.bytes().filter(u8::is_ascii_digit).count() >= 4 => {
            Some(seconds(0, &parts))
        }
        _ => None,
    }
}
