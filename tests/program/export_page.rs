//! docs/export.md shows what each engine can do, as the engines' own columns say it. `UPDATE=1 cargo test` writes it anew.

use std::fmt::Write as _;

use stickylb_convert::{Engine, Feature, NginxVersion, Support};

use crate::markdown::{document, root};

/// Where the written part begins, and what follows it.
const BEGINS: &str = "| ours ";
const ENDS: &str = "\n## ";

/// A column of the table, and the list of one engine below it.
struct Column {
    heading: String,
    /// As the list calls it.
    title: String,
    engine: Engine,
    nginx: NginxVersion,
}

/// Every engine, and nginx before it could bind clients by a cookie.
fn columns() -> Vec<Column> {
    let mut columns = Vec::new();
    for engine in Engine::ALL {
        let name = engine.name().to_owned();
        columns.push(Column { heading: name.clone(), title: name, engine, nginx: NginxVersion::default() });
        if engine == Engine::Nginx {
            let title = format!("nginx before {}, where it differs from the newest", NginxVersion::STICKY);
            let nginx = "1.22".parse().unwrap();
            columns.push(Column { heading: "old nginx".to_owned(), title, engine, nginx });
        }
    }
    columns
}

impl Column {
    fn cell(&self, feature: Feature) -> &'static str {
        match self.engine.support(feature, self.nginx) {
            Support::Whole(_) => "yes",
            Support::Part(..) => "part",
            _ => "–",
        }
    }

    /// How the engine says it, and where that differs.
    fn line(&self, feature: Feature) -> String {
        let ours = plain(feature.words());
        match self.engine.support(feature, self.nginx) {
            Support::Whole(words) => format!("- **{ours}**: {}\n", plain(words)),
            Support::Part(words, differs) => format!("- **{ours}**: {}. Differs: {}\n", plain(words), plain(differs)),
            _ => format!("- **{ours}**: –\n"),
        }
    }

    /// A line for each feature that it has at all; of an older version, for each that is not as in the newer one.
    fn list(&self, newer: Option<&Column>) -> String {
        let is_told = |feature: Feature, line: &String| match newer {
            Some(newer) => newer.line(feature) != *line,
            None => self.cell(feature) != "–",
        };
        let lines = Feature::ALL.iter().map(|feature| (*feature, self.line(*feature)));
        lines.filter(|(feature, line)| is_told(*feature, line)).map(|(_, line)| line).collect()
    }
}

/// Text that Markdown shows as it is, also in a table.
fn plain(text: &str) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        if matches!(c, '|' | '*' | '<' | '[' | '`' | '\\') {
            shown.push('\\');
        }
        shown.push(c);
    }
    shown
}

/// A row whose cells stand below each other in a terminal as well.
fn row(cells: &[&str], widths: &[usize]) -> String {
    let padded: Vec<String> = cells.iter().zip(widths).map(|(cell, width)| format!(" {cell:width$} ")).collect();
    format!("|{}|\n", padded.join("|"))
}

/// The table, and below it each engine's own words.
fn written() -> String {
    let columns = columns();
    let widest = Feature::ALL.iter().map(|feature| plain(feature.words()).chars().count()).max().unwrap_or_default();
    let widths: Vec<usize> = std::iter::once(widest).chain(columns.iter().map(|column| column.heading.len())).collect();
    let headings = columns.iter().map(|column| column.heading.as_str());
    let mut text = row(&std::iter::once("ours").chain(headings).collect::<Vec<_>>(), &widths);
    let dashes: Vec<String> = widths.iter().map(|width| "-".repeat(width + 2)).collect();
    let _ = writeln!(text, "|{}|", dashes.join("|"));
    for feature in Feature::ALL {
        let ours = plain(feature.words());
        let cells = columns.iter().map(|column| column.cell(*feature));
        text += &row(&std::iter::once(ours.as_str()).chain(cells).collect::<Vec<_>>(), &widths);
    }
    for (n, column) in columns.iter().enumerate() {
        let newer = n.checked_sub(1).map(|n| &columns[n]).filter(|newer| newer.engine == column.engine);
        let _ = write!(text, "\n### {}\n\n{}", column.title, column.list(newer));
    }
    text
}

#[test]
fn the_page_shows_what_each_engine_can_do() {
    let page = document("docs/export.md").text;
    let (before, rest) = page.split_once(BEGINS).expect("the table");
    let (shown, after) = rest.split_once(ENDS).expect("a section behind the table");
    let written = written();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(root().join("docs/export.md"), format!("{before}{written}{ENDS}{after}")).unwrap();
        return;
    }
    let differs = "run with UPDATE=1 to put what the engines' columns say into docs/export.md";
    assert!(format!("{BEGINS}{shown}") == written, "{differs}");
}
