//! The keys `view`, `columns` and `sort`, in the user's file and in what is kept.

use crate::screen::{Arrangement, Column, Focus, Side};
use serde_json::{Map, Value, json};
use stickylb::program::{Keys, Node};

const ZOOM: [(&str, Option<Focus>); 3] =
    [("none", None), ("backends", Some(Focus::Backends)), ("log", Some(Focus::Log))];

const ORDERS: [(&str, bool); 2] = [("ascending", false), ("descending", true)];

/// Reads what is there into `into`, and leaves the rest as it is.
pub(super) fn read(keys: &mut Keys<'_, '_>, into: &mut Arrangement) {
    keys.get("view", "What stands beside the log, and which pane fills the screen", |n| {
        n.object(|keys| {
            let side = "What stands beside the log; auto is by the terminal's width";
            into.side = keys.get("side", side, |n| n.one_of(&Side::NAMES)).unwrap_or(into.side);
            let zoom = "The pane that has the whole screen";
            into.zoom = keys.get("zoom", zoom, |n| n.one_of(&ZOOM)).unwrap_or(into.zoom);
        })
    });
    if let Some(columns) = keys.get("columns", "The table's columns, from left to right", columns) {
        into.columns = columns;
    }
    let described = "The order of the table; null is the configuration's";
    let sort = keys.get("sort", described, |n| Some(n.or_null(|n| n.object(sort)).flatten()));
    into.sort = sort.unwrap_or(into.sort);
}

fn columns(n: Node<'_, '_>) -> Option<Vec<Column>> {
    let names = Column::ALL.map(|column| (column.name(), column));
    let mut seen = Vec::new();
    n.hint("minItems", 1).hint("uniqueItems", true).each(|n| match n.one_of(&names) {
        Some(column) if seen.contains(&column) => {
            n.wrong::<()>("is named twice: leave one");
        }
        found => seen.extend(found),
    })?;
    if seen.is_empty() { n.wrong("must name at least one column") } else { Some(seen) }
}

fn sort(keys: &mut Keys<'_, '_>) -> Option<(Column, bool)> {
    let names = Column::ALL.map(|column| (column.name(), column));
    keys.require("column", "needs column: which one the table is sorted by");
    let column = keys.get("column", "The column", |n| n.one_of(&names));
    let described = "Numbers are usually descending, words ascending";
    let order = keys.get("order", described, |n| n.one_of(&ORDERS));
    column.map(|column| (column, order.unwrap_or_else(|| column.is_descending())))
}

/// As [`read`] reads it.
pub(super) fn written(arrangement: &Arrangement) -> Value {
    fn name<T: PartialEq>(names: &[(&'static str, T)], value: &T) -> Value {
        names.iter().find(|(_, one)| one == value).map(|(name, _)| *name).into()
    }
    let mut written = Map::new();
    let side = name(&Side::NAMES, &arrangement.side);
    written.insert("view".to_owned(), json!({ "side": side, "zoom": name(&ZOOM, &arrangement.zoom) }));
    // All columns are those of this version: another may have more.
    if arrangement.columns != Column::ALL {
        let names: Vec<&str> = arrangement.columns.iter().map(|column| column.name()).collect();
        written.insert("columns".to_owned(), json!(names));
    }
    if let Some((column, descending)) = arrangement.sort {
        let sort = json!({ "column": column.name(), "order": name(&ORDERS, &descending) });
        written.insert("sort".to_owned(), sort);
    }
    Value::Object(written)
}
