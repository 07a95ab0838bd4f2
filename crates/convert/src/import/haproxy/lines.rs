//! The lines of a configuration of HAProxy: words, with quotes, escapes and comments taken out (its manual, 2.2).

/// One line that says something.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Line {
    /// Counted from 1.
    pub(super) number: usize,
    /// At least one.
    pub(super) words: Vec<String>,
    /// Whether a value of the environment is in it.
    pub(super) reads_environment: bool,
}

impl Line {
    /// All of it, as it is said.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }

    /// The word at this position; empty where there is none.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// The words from this position on.
    pub(super) fn from(&self, at: usize) -> &[String] {
        self.words.get(at..).unwrap_or_default()
    }
}

/// All lines of a file.
///
/// # Errors
/// Quotes are open at the end of a line.
pub(super) fn lines(text: &str) -> Result<Vec<Line>, String> {
    let mut lines = Vec::new();
    for (number, text) in text.lines().enumerate() {
        let number = number + 1;
        let mut line = Line { number, words: Vec::new(), reads_environment: false };
        let mut reader = Reader { chars: text.chars().peekable(), word: None, line: &mut line };
        if let Some(quote) = reader.read() {
            return Err(format!(
                "line {number}: a {quote} has no end: close it, or write \\{quote} where the character is meant"
            ));
        }
        if !line.words.is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

struct Reader<'t, 'l> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    /// The word that is being read; `Some` of nothing behind an empty pair of quotes.
    word: Option<String>,
    line: &'l mut Line,
}

impl Reader<'_, '_> {
    /// Reads the words of a line; returns the quote that has no end.
    fn read(&mut self) -> Option<char> {
        while let Some(c) = self.chars.next() {
            match c {
                '#' => break,
                c if c.is_ascii_whitespace() => self.end_word(),
                '\'' | '"' => {
                    self.word.get_or_insert_default();
                    if !self.quoted(c) {
                        return Some(c);
                    }
                }
                '\\' => self.escaped(),
                c => self.push(c),
            }
        }
        self.end_word();
        None
    }

    fn push(&mut self, c: char) {
        self.word.get_or_insert_default().push(c);
    }

    fn end_word(&mut self) {
        self.line.words.extend(self.word.take());
    }

    /// Reads up to the quote that closes; tells whether there is one.
    fn quoted(&mut self, quote: char) -> bool {
        while let Some(c) = self.chars.next() {
            match c {
                c if c == quote => return true,
                '\\' if quote == '"' => self.escaped(),
                '$' if quote == '"' => {
                    let names = |c: &char| c.is_ascii_alphabetic() || matches!(c, '_' | '{');
                    self.line.reads_environment |= self.chars.peek().is_some_and(names);
                    self.push(c);
                }
                c => self.push(c),
            }
        }
        false
    }

    /// Reads what a backslash stands before.
    fn escaped(&mut self) {
        match self.chars.next() {
            Some(c @ (' ' | '\\' | '#' | '\'' | '"' | '$')) => self.push(c),
            Some('r') => self.push('\r'),
            Some('n') => self.push('\n'),
            Some('t') => self.push('\t'),
            Some('x') => self.hexadecimal(),
            // A regular expression's own.
            other => {
                self.push('\\');
                if let Some(c) = other {
                    self.push(c);
                }
            }
        }
    }

    fn hexadecimal(&mut self) {
        let mut digits = self.chars.clone();
        let value = digits.next().and_then(|c| c.to_digit(16)).zip(digits.next().and_then(|c| c.to_digit(16)));
        let Some(byte) = value.and_then(|(high, low)| u8::try_from(high * 16 + low).ok()) else {
            self.push('\\');
            self.push('x');
            return;
        };
        self.chars = digits;
        self.push(char::from(byte));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::*;

    #[track_caller]
    fn words(text: &str) -> Vec<String> {
        lines(text).unwrap().into_iter().flat_map(|line| line.words).collect()
    }

    #[test]
    fn quotes_escapes_and_comments_are_those_of_its_manual() {
        for (text, expected) in [
            ("bind :80 # here", vec!["bind", ":80"]),
            ("bind :80# here", vec!["bind", ":80"]),
            (r"a\ b \# c", vec!["a b", "#", "c"]),
            (r#""a b" 'c "d" \n'"#, vec!["a b", r#"c "d" \n"#]),
            (r#""a\"b\\" '' """#, vec![r#"a"b\"#, "", ""]),
            (r"a\x20b\x4 ^/\.x$", vec![r"a b\x4", r"^/\.x$"]),
            (r#"x"y"'z'"#, vec!["xyz"]),
            ("\t\n#\n", vec![]),
            (r"end\", vec![r"end\"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn lines_are_counted_and_the_environment_is_seen_between_double_quotes_alone() {
        let lines = lines("\nserver a \"${HOST}:80\"\n\nserver b '$HOST' $x\n").unwrap();
        let found: Vec<_> = lines.iter().map(|line| (line.number, line.reads_environment)).collect();
        assert_eq!(found, [(2, true), (4, false)]);
    }

    #[test]
    fn a_quote_without_end_is_said_with_its_line() {
        let error = lines("a\nb 'c").unwrap_err();
        assert_eq!(error, "line 2: a ' has no end: close it, or write \\' where the character is meant");
    }
}
