//! Tables as text.

use unicode_width::UnicodeWidthStr as _;

/// Left-aligned columns, two spaces apart.
pub(crate) fn aligned<const N: usize>(rows: &[[String; N]]) -> String {
    let width = |column: usize| rows.iter().map(|row| row[column].width()).max().unwrap_or(0);
    let widths: [usize; N] = std::array::from_fn(width);
    let line = |row: &[String; N]| {
        // Not `{cell:width$}`, which counts characters: some take two columns, others none.
        let cells = row.iter().zip(widths).map(|(cell, width)| cell.to_owned() + &" ".repeat(width - cell.width()));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::aligned;

    #[test]
    fn columns_stay_in_line_where_characters_are_wide_or_combine() {
        let rows = [["name", "state"], ["日本語", "UP"], ["e\u{301}clair", "DOWN"], ["x", "UP"]];
        let table = aligned(&rows.map(|row| row.map(str::to_owned)));
        assert_eq!(table, "name    state\n日本語  UP\ne\u{301}clair  DOWN\nx       UP\n");
    }
}
