//! The backends table: its columns, sort order and filtered rows.

use std::cmp::Ordering;
use stickylb::api::BackendView;
use stickylb::program::nearest;

use crate::screen::filter::Filter;

/// A column of the table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Column {
    #[default]
    Name,
    State,
    Address,
    Weight,
    Requests,
    Rate,
    Active,
    WebSockets,
    Sticky,
    P50,
    P95,
    P99,
    Errors,
    Share,
    Checks,
    Spark,
}

impl Column {
    /// All columns, from left to right.
    pub(crate) const ALL: [Column; 16] = [
        Column::Name,
        Column::State,
        Column::Address,
        Column::Weight,
        Column::Requests,
        Column::Rate,
        Column::Active,
        Column::WebSockets,
        Column::Sticky,
        Column::P50,
        Column::P95,
        Column::P99,
        Column::Errors,
        Column::Share,
        Column::Checks,
        Column::Spark,
    ];

    pub(crate) const fn title(self) -> &'static str {
        match self {
            Column::Name => "NAME",
            Column::State => "STATE",
            Column::Address => "ADDRESS",
            Column::Weight => "W",
            Column::Requests => "REQS",
            Column::Rate => "/s",
            Column::Active => "ACT",
            Column::WebSockets => "WS",
            Column::Sticky => "STICKY",
            Column::P50 => "p50",
            Column::P95 => "p95",
            Column::P99 => "p99",
            Column::Errors => "ERR",
            Column::Share => "SHARE/DUE",
            Column::Checks => "CHECKS",
            Column::Spark => "LAST 60 s",
        }
    }

    /// The name in the user's file and in commands.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Column::Name => "name",
            Column::State => "state",
            Column::Address => "address",
            Column::Weight => "weight",
            Column::Requests => "requests",
            Column::Rate => "rate",
            Column::Active => "active",
            Column::WebSockets => "websockets",
            Column::Sticky => "sticky",
            Column::P50 => "p50",
            Column::P95 => "p95",
            Column::P99 => "p99",
            Column::Errors => "errors",
            Column::Share => "share",
            Column::Checks => "checks",
            Column::Spark => "spark",
        }
    }

    /// Whether the column is usually sorted highest first.
    pub(crate) fn is_descending(self) -> bool {
        !self.is_words()
    }

    /// Whether the column sorts alphabetically first; numbers sort highest first.
    fn is_words(self) -> bool {
        matches!(self, Column::Name | Column::State | Column::Address)
    }

    fn compare(self, a: &BackendView, b: &BackendView) -> Ordering {
        let failed = |backend: &BackendView| backend.checks.iter().filter(|check| !check.passed).count();
        match self {
            Column::Name => a.name.cmp(&b.name),
            Column::State => a.state.word().cmp(b.state.word()),
            Column::Address => a.address.cmp(&b.address),
            Column::Weight => a.weight.cmp(&b.weight),
            Column::Requests => a.requests.cmp(&b.requests),
            Column::Rate => a.rate.cmp(&b.rate),
            Column::Active => a.active.cmp(&b.active),
            Column::WebSockets => a.tunnels.cmp(&b.tunnels),
            Column::Sticky => a.sessions.cmp(&b.sessions),
            Column::P50 => a.latency.p50.cmp(&b.latency.p50),
            Column::P95 => a.latency.p95.cmp(&b.latency.p95),
            Column::P99 => a.latency.p99.cmp(&b.latency.p99),
            Column::Errors => a.errors.cmp(&b.errors),
            Column::Share => a.actual_share.unwrap_or(0.0).total_cmp(&b.actual_share.unwrap_or(0.0)),
            Column::Checks => failed(a).cmp(&failed(b)),
            Column::Spark => a.rates.iter().sum::<u64>().cmp(&b.rates.iter().sum::<u64>()),
        }
    }
}

impl std::str::FromStr for Column {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        Column::ALL.into_iter().find(|column| column.name() == name).ok_or_else(|| {
            let names = Column::ALL.map(Column::name);
            format!("'{name}' is no column: {}{}", names.join(", "), nearest(name, names.into_iter()))
        })
    }
}

/// The table's columns, sort order and rows.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    /// The columns that are shown where there is room, from left to right; at least one.
    pub(crate) columns: Vec<Column>,
    /// The column the keys act on.
    pub(crate) column: Column,
    /// Whether the user chose a column, which is then highlighted and shown however narrow the table is.
    pub(crate) chosen: bool,
    /// The sort column, and whether it is descending; `None` keeps the configuration's order.
    pub(crate) sort: Option<(Column, bool)>,
    /// The shown backends in row order, as indexes into the snapshot.
    pub(crate) rows: Vec<usize>,
}

impl Default for Table {
    fn default() -> Self {
        Table { columns: Column::ALL.to_vec(), column: Column::default(), chosen: false, sort: None, rows: Vec::new() }
    }
}

impl Table {
    /// Shows these columns, at least one.
    pub(crate) fn show(&mut self, columns: Vec<Column>) {
        if !columns.contains(&self.column) {
            self.chosen = false;
            self.column = columns.first().copied().unwrap_or_default();
        }
        self.columns = columns;
    }

    /// Chooses the next or previous column; the first call only highlights the current one.
    pub(crate) fn step(&mut self, forward: bool) {
        let count = self.columns.len();
        let at = self.columns.iter().position(|column| *column == self.column).unwrap_or(0);
        let by = if forward { 1 } else { count - 1 };
        if std::mem::replace(&mut self.chosen, true) {
            self.column = self.columns[(at + by) % count];
        }
    }

    /// Sorts by the chosen column; if it is the sort column already, restores the configuration's order.
    pub(crate) fn sort(&mut self) {
        self.chosen = true;
        self.sort = match self.sort {
            Some((column, _)) if column == self.column => None,
            _ => Some((self.column, self.column.is_descending())),
        };
    }

    /// Sorts by this column; if it is the sort column already, reverses the order.
    pub(crate) fn sort_by(&mut self, column: Column) {
        self.column = column;
        if self.sort.is_some_and(|(by, _)| by == column) {
            self.reverse();
        } else {
            self.sort();
        }
    }

    /// Reverses the sort order; an unsorted table is sorted by the chosen column, against its usual order.
    pub(crate) fn reverse(&mut self) {
        self.chosen |= self.sort.is_none();
        self.sort = Some(match self.sort {
            Some((column, descending)) => (column, !descending),
            None => (self.column, self.column.is_words()),
        });
    }

    /// Filters and sorts the rows.
    pub(crate) fn order(&mut self, backends: &[BackendView], filter: Option<&Filter>) {
        self.rows = filter.map_or_else(|| (0..backends.len()).collect(), |filter| filter.rows(backends));
        if let Some((column, descending)) = self.sort {
            // Stable, so that equal rows keep the configuration's order.
            self.rows.sort_by(|a, b| {
                let order = column.compare(&backends[*a], &backends[*b]);
                let pool = |row: &usize| backends.iter().position(|other| other.pool == backends[*row].pool);
                // Pools stay together.
                pool(a).cmp(&pool(b)).then(if descending { order.reverse() } else { order })
            });
        }
    }
}
