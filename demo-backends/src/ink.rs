//! What is written on a colour.

/// Black or white, whichever reads better on `color` (`#rrggbb`).
pub(crate) fn ink(color: &str) -> &'static str {
    let channel = |at: usize| {
        let value = color.get(at..at + 2).and_then(|hex| u8::from_str_radix(hex, 16).ok()).unwrap_or(0);
        let value = f64::from(value) / 255.0;
        if value <= 0.040_45 { value / 12.92 } else { ((value + 0.055) / 1.055).powf(2.4) }
    };
    let luminance = 0.2126 * channel(1) + 0.7152 * channel(3) + 0.0722 * channel(5);
    // Where the WCAG contrast against black equals the one against white.
    if luminance > 0.179 { "black" } else { "white" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ink_is_readable() {
        assert_eq!(ink("#0072b2"), "white");
        assert_eq!(ink("#e69f00"), "black");
        assert_eq!(ink("#000000"), "white");
    }
}
