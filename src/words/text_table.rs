//! Tables as text.

use unicode_width::UnicodeWidthStr as _;

/// Left-aligned columns, two spaces apart.
pub(crate) fn aligned(rows: &[impl AsRef<[String]>]) -> String {
    let width = |column: usize| rows.iter().filter_map(|row| row.as_ref().get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..).map_while(width).collect();
    let line = |row: &[String]| {
        // Not `{cell:width$}`, which counts characters: some take two columns, others none.
        let cells = row.iter().zip(&widths).map(|(cell, width)| cell.to_owned() + &" ".repeat(width - cell.width()));
        format!("{}\n", cells.collect::<Vec<_>>().join("  ").trim_end())
    };
    rows.iter().map(|row| line(row.as_ref())).collect()
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
