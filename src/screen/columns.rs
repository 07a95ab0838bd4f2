//! The command that chooses the columns of the backend table.

use super::state::State;
use super::table::Column;

/// The word for all columns in their usual order.
pub(crate) const DEFAULT: &str = "default";

/// Shows the columns that the word asks for: `name,state,p99`, `+p99,-sticky`, or all with `default`. Says which are
/// shown now.
///
/// # Errors
/// A sentence if the word names no column, or one twice, or leaves none.
pub(crate) fn choose(state: &mut State, word: Option<&str>) -> Result<(), String> {
    if let Some(word) = word {
        state.table.show(chosen(&state.table.columns, word)?);
    }
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
        listed(parts().map(str::parse::<Column>))?
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

fn listed(parts: impl Iterator<Item = Result<Column, String>>) -> Result<Vec<Column>, String> {
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

#[cfg(test)]
mod tests {
    use super::*;

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
    fn a_list_is_completed_column_by_column() {
        assert!(proposals("name,st").contains(&"name,state".to_owned()));
        assert!(!proposals("name,st").contains(&"name,name".to_owned()));
        assert!(proposals("-s").contains(&"-sticky".to_owned()));
        assert!(proposals("").contains(&"default".to_owned()));
    }
}
