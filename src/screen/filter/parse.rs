//! Parses filter text into terms; errors carry the column of the mistake.

use regex_lite::Regex;

use super::Term;
use super::fields::{Number, Text};
use super::test::{Compare, Flag, Match, Test};

/// A mistake in a filter.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct FilterError {
    /// Zero-based column of the mistake, in characters.
    pub column: usize,
    /// The mistake, in one sentence.
    pub message: String,
}

fn wrong<T>(column: usize, message: impl Into<String>) -> Result<T, FilterError> {
    Err(FilterError { column, message: message.into() })
}

/// Longest first, so that `>=` is not parsed as `>`.
const OPERATORS: [&str; 8] = [">=", "<=", "!=", ":", "=", "~", ">", "<"];

const FLAGS: [(&str, Flag); 7] = [
    ("retried", Flag::Retried),
    ("moved", Flag::Moved),
    ("failed", Flag::Failed),
    ("ws", Flag::WebSocket),
    ("traffic", Flag::Traffic),
    ("change", Flag::Change),
    ("marked", Flag::Marked),
];

pub(crate) fn terms(text: &str) -> Result<Vec<Term>, FilterError> {
    words(text)?.into_iter().map(|word| term(&word)).collect()
}

/// The text of one term.
struct Word {
    column: usize,
    /// Each character, and whether it was quoted. Quoted characters are literal, never operators or negation.
    characters: Vec<(char, bool)>,
}

impl Word {
    fn text(&self, from: usize) -> String {
        self.characters[from..].iter().map(|(c, _)| c).collect()
    }
}

fn words(text: &str) -> Result<Vec<Word>, FilterError> {
    let mut words: Vec<Word> = Vec::new();
    let mut quote = None;
    let mut inside = false;
    for (column, c) in text.chars().enumerate() {
        if c == '"' {
            quote = if quote.is_some() { None } else { Some(column) };
            if !std::mem::replace(&mut inside, true) {
                words.push(Word { column, characters: Vec::new() });
            }
        } else if c.is_whitespace() && quote.is_none() {
            inside = false;
        } else {
            if !std::mem::replace(&mut inside, true) {
                words.push(Word { column, characters: Vec::new() });
            }
            if let Some(word) = words.last_mut() {
                word.characters.push((c, quote.is_some()));
            }
        }
    }
    match quote {
        Some(column) => wrong(column, "this quote has no end"),
        None => Ok(words),
    }
}

fn term(word: &Word) -> Result<Term, FilterError> {
    let not = word.characters.len() > 1 && matches!(word.characters[0], ('!' | '-', false));
    let start = usize::from(not);
    let plain = |(c, quoted): &(char, bool)| !quoted && c.is_ascii_alphanumeric();
    let name: String = word.characters[start..].iter().take_while(|c| plain(c)).map(|(c, _)| c).collect();
    let after: String = word.characters[start + name.len()..]
        .iter()
        .take_while(|(_, quoted)| !quoted)
        .take(2)
        .map(|(c, _)| c)
        .collect();
    let operator = OPERATORS.iter().find(|operator| after.starts_with(**operator)).filter(|_| !name.is_empty());
    let Some(operator) = operator else {
        let quoted = word.characters[start..].iter().any(|(_, quoted)| *quoted);
        let flag = FLAGS.iter().find(|(flag, _)| !quoted && *flag == word.text(start));
        let test = match flag {
            Some((_, flag)) => Test::Flag(*flag),
            None => Test::Word(word.text(start).to_lowercase()),
        };
        return Ok(Term { not, test });
    };
    let at = start + name.len() + operator.len();
    let (column, value) = (word.column + at, word.text(at));
    let name = name.to_lowercase();
    let test = if let Some(field) = Text::named(&name) {
        Test::Text(field, text_match(field, &name, operator, &value, word.column + start + name.len(), column)?)
    } else if let Some(field) = Number::named(&name) {
        let (compare, value) = number(field, &name, operator, &value, word.column + start + name.len(), column)?;
        Test::Number(field, compare, value)
    } else {
        let near = Text::names().chain(Number::names()).min_by_key(|known| strsim::levenshtein(known, &name));
        let near = near.filter(|known| strsim::levenshtein(known, &name) <= 2);
        let advice = near.map_or_else(
            || format!("put the word in quotes to look for it: \"{name}{operator}\u{2026}\""),
            |near| format!("did you mean '{near}'?"),
        );
        return wrong(word.column + start, format!("there is no field '{name}'; {advice}"));
    };
    Ok(Term { not, test })
}

fn text_match(
    field: Text,
    name: &str,
    operator: &str,
    value: &str,
    operator_at: usize,
    value_at: usize,
) -> Result<Match, FilterError> {
    if value.is_empty() {
        return wrong(value_at, format!("{name}{operator} what?"));
    }
    Ok(match operator {
        ":" if field.is_a_word() => Match::Is(value.to_owned()),
        ":" => Match::Contains(value.to_lowercase()),
        "=" => Match::Is(value.to_owned()),
        "!=" => Match::IsNot(value.to_owned()),
        "~" => match Regex::new(value) {
            Ok(pattern) => Match::Pattern(pattern),
            Err(error) => return wrong(value_at, format!("this is no pattern: {error}")),
        },
        _ => return wrong(operator_at, format!("{name} is no number: use : or = or != or ~")),
    })
}

fn number(
    field: Number,
    name: &str,
    operator: &str,
    value: &str,
    operator_at: usize,
    value_at: usize,
) -> Result<(Compare, f64), FilterError> {
    let compare = match operator {
        ":" | "=" => Compare::Is,
        "!=" => Compare::IsNot,
        "<" => Compare::Less,
        "<=" => Compare::AtMost,
        ">" => Compare::More,
        ">=" => Compare::AtLeast,
        _ => return wrong(operator_at, format!("{name} is a number: use : or = or != or < or >")),
    };
    if field == Number::Status
        && let Some(hundred @ '1'..='5') = value.to_ascii_lowercase().strip_suffix("xx").and_then(single)
    {
        return Ok(class(compare, f64::from(hundred.to_digit(10).unwrap_or(0)) * 100.0));
    }
    let digits = value.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(value.len());
    let (figure, unit) = value.split_at(digits);
    let Ok(figure) = figure.parse::<f64>() else {
        return wrong(value_at, format!("{name}{operator} wants a number, such as {}", field.example()));
    };
    match field.unit(unit) {
        Some(factor) => Ok((compare, figure * factor)),
        None => wrong(value_at + digits, format!("'{unit}' is no unit of {name}: write {}", field.example())),
    }
}

/// A comparison with a class of statuses, which begins with this one: `>5xx` is above all of them.
fn class(compare: Compare, first: f64) -> (Compare, f64) {
    match compare {
        Compare::Is => (Compare::Hundred, first),
        Compare::IsNot => (Compare::NotHundred, first),
        Compare::More => (Compare::AtLeast, first + 100.0),
        Compare::AtMost => (Compare::Less, first + 100.0),
        compare => (compare, first),
    }
}

fn single(text: &str) -> Option<char> {
    let mut characters = text.chars();
    characters.next().filter(|_| characters.next().is_none())
}
