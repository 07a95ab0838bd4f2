//! The backends' colours.

/// Okabe and Ito's palette without its black, which would say nothing on a
/// dark page, and with two of Paul Tol's in its place. Neighbours differ in
/// lightness as well as hue, so the first few stay apart for any eye.
const COLORS: [&str; 9] = [
    "#0072b2", // blue
    "#e69f00", // orange
    "#009e73", // green
    "#cc79a7", // pink
    "#d55e00", // vermilion
    "#56b4e9", // sky
    "#f0e442", // yellow
    "#882255", // wine
    "#44aa99", // teal
];

/// The colour at `index`, beginning again past the end.
pub(crate) fn color(index: usize) -> &'static str {
    COLORS[index % COLORS.len()]
}

/// Black or white, whichever reads better on `color` (`#rrggbb`).
pub(crate) fn ink(color: &str) -> &'static str {
    let channel = |at: usize| {
        let value = color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    // Where the WCAG contrast against black equals the one against white.
    if luminance > 0.179 { "#000" } else { "#fff" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wraps_around() {
        assert_eq!(color(0), color(COLORS.len()));
        assert_eq!(color(usize::MAX), COLORS[usize::MAX % COLORS.len()]);
    }

    #[test]
    fn ink_is_readable() {
        assert_eq!(ink("#0072b2"), "#fff");
        assert_eq!(ink("#e69f00"), "#000");
        assert_eq!(ink("#000000"), "#fff");
    }
}
