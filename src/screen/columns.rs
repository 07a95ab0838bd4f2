//! The columns of the backend table, chosen by the command or in its dialog.

use crossterm::event::{KeyCode, KeyEvent};

use super::action::Action;
use super::state::{Dialog, State};
use super::table::{Column, Table};

/// The word for all columns in their usual order.
pub(crate) const DEFAULT: &str = "default";

/// Shows the columns that the word asks for: `name,state,p99`, `+p99,-sticky`, or all with `default`. Without a word
/// the dialog asks.
///
/// # Errors
/// A sentence if the word names no column, or one twice, or leaves none.
pub(crate) fn choose(state: &mut State, word: Option<&str>) -> Result<(), String> {
    let Some(word) = word else {
        state.dialog = Some(Dialog::Columns(state.table.column));
        return Ok(());
    };
    state.table.show(chosen(&state.table.columns, word)?);
    let names: Vec<&str> = state.table.columns.iter().map(|column| column.name()).collect();
    state.say(format!("the columns are {}", names.join(",")));
    Ok(())
}

fn chosen(now: &[Column], word: &str) -> Result<Vec<Column>, String> {
    let parts = || word.split(',').filter(|part| !part.is_empty());
    let columns = if word == DEFAULT {
        Column::ALL.to_vec()
    } else if word.starts_with(['+', '-']) {
        changed(now.to_vec(), parts())?
    } else {
        named(parts().map(str::parse::<Column>))?
    };
    if columns.is_empty() { Err("the table needs a column: name at least one".to_owned()) } else { Ok(columns) }
}

fn changed<'w>(mut columns: Vec<Column>, parts: impl Iterator<Item = &'w str>) -> Result<Vec<Column>, String> {
    for part in parts {
        let column: Column = part.trim_start_matches(['+', '-']).parse()?;
        columns.retain(|one| *one != column);
        if !part.starts_with('-') {
            columns.push(column);
        }
    }
    Ok(columns)
}

fn named(parts: impl Iterator<Item = Result<Column, String>>) -> Result<Vec<Column>, String> {
    let mut columns = Vec::new();
    for column in parts {
        let column = column?;
        if columns.contains(&column) {
            return Err(format!("{} is named twice", column.name()));
        }
        columns.push(column);
    }
    Ok(columns)
}

/// The words that may stand where `typed` is: each with one more column, after those that are typed already.
pub(crate) fn proposals(typed: &str) -> Vec<String> {
    let (before, last) = typed.rsplit_once(',').map_or(("", typed), |(before, last)| (before, last));
    let sign = last.chars().next().filter(|c| "+-".contains(*c)).map(String::from).unwrap_or_default();
    let comma = if before.is_empty() { "" } else { "," };
    let is_new = |column: &Column| !before.split(',').any(|one| one.trim_start_matches(['+', '-']) == column.name());
    let word = |column: Column| format!("{before}{comma}{sign}{}", column.name());
    let all = before.is_empty().then(|| DEFAULT.to_owned());
    Column::ALL.into_iter().filter(is_new).map(word).chain(all).collect()
}

/// All columns as the dialog lists them: those that are shown in their order, then the others.
pub(crate) fn listed(table: &Table) -> Vec<Column> {
    let hidden = Column::ALL.into_iter().filter(|column| !table.columns.contains(column));
    table.columns.iter().copied().chain(hidden).collect()
}

/// A key in the dialog, where this column is chosen. Returns the column that is chosen then; `None` closes the dialog.
pub(crate) fn press(state: &mut State, chosen: Column, key: KeyEvent) -> Option<Column> {
    let list = listed(&state.table);
    let at = list.iter().position(|column| *column == chosen).unwrap_or(0);
    match (key.code, state.keys.action_of(key)) {
        (KeyCode::Esc | KeyCode::Enter, _) => return None,
        (KeyCode::Char(' '), _) => toggle(&mut state.table, chosen),
        (_, Some(Action::Down)) => return list.get(at + 1).or(list.last()).copied(),
        (_, Some(Action::Up)) => return list.get(at.saturating_sub(1)).copied(),
        (_, Some(Action::First)) => return list.first().copied(),
        (_, Some(Action::Last)) => return list.last().copied(),
        (_, Some(Action::PreviousColumn)) => shift(&mut state.table, chosen, at.checked_sub(1)),
        (_, Some(Action::NextColumn)) => shift(&mut state.table, chosen, Some(at + 1)),
        _ => {}
    }
    Some(chosen)
}

/// Shows a column, or hides it unless it is the last.
fn toggle(table: &mut Table, column: Column) {
    let mut columns = table.columns.clone();
    if columns.contains(&column) {
        columns.retain(|one| *one != column);
    } else {
        columns.push(column);
    }
    if !columns.is_empty() {
        table.show(columns);
    }
}

/// Moves a column that is shown to another place among them.
fn shift(table: &mut Table, column: Column, to: Option<usize>) {
    let Some(to) = to.filter(|to| *to < table.columns.len() && table.columns.contains(&column)) else { return };
    table.columns.retain(|one| *one != column);
    table.columns.insert(to, column);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::screen::glyphs::Glyphs;
    use crate::screen::theme::{Colors, Theme};
    use crossterm::event::KeyModifiers;

    fn names(word: &str) -> Result<String, String> {
        let now = [Column::Name, Column::State, Column::Sticky];
        let names = |columns: Vec<Column>| columns.iter().map(|c| c.name()).collect::<Vec<_>>().join(" ");
        chosen(&now, word).map(names)
    }

    #[test]
    fn columns_are_listed_added_and_taken_away() {
        assert_eq!(names("state,name,p99"), Ok("state name p99".into()));
        assert_eq!(names("+p99,-sticky"), Ok("name state p99".into()));
        assert_eq!(names("-name,-state,-sticky"), Err("the table needs a column: name at least one".into()));
        assert_eq!(names("name,name"), Err("name is named twice".into()));
        let error = names("name,stat").expect_err("no column");
        assert!(error.starts_with("'stat' is no column: name, state, ") && error.ends_with("did you mean 'state'?"));
        assert_eq!(chosen(&[], DEFAULT), Ok(Column::ALL.to_vec()));
    }

    #[test]
    fn in_the_dialog_columns_are_hidden_shown_and_moved_and_one_is_left() {
        let mut state = State::new(Theme { glyphs: Glyphs::Unicode, colors: Colors::Dark });
        state.table.show(vec![Column::Name, Column::State]);
        let mut chosen = Column::Name;
        let mut type_keys = |keys: &str| {
            for key in keys.chars() {
                let event = KeyEvent::new(KeyCode::Char(key), KeyModifiers::NONE);
                chosen = press(&mut state, chosen, event).expect("it stays open");
            }
            state.table.columns.iter().map(|column| column.name()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(type_keys("l"), "state name");
        assert_eq!(type_keys("j "), "state name address");
        assert_eq!(type_keys("hhh"), "address state name");
        assert_eq!(type_keys("g "), "state name");
        assert_eq!(type_keys("g "), "name");
        assert_eq!(type_keys("g "), "name");
    }

    #[test]
    fn a_list_is_completed_column_by_column() {
        assert!(proposals("name,st").contains(&"name,state".to_owned()));
        assert!(!proposals("name,st").contains(&"name,name".to_owned()));
        assert!(proposals("-s").contains(&"-sticky".to_owned()));
        assert!(proposals("").contains(&"default".to_owned()));
    }
}
