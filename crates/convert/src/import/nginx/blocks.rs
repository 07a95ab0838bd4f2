//! The directives of a configuration of nginx: words, and the blocks in which they stand.

/// How deep blocks may stand in each other.
const DEEPEST: usize = 16;

/// One directive.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Directive {
    /// Counted from 1.
    pub(super) line: usize,
    /// At least one: its name.
    pub(super) words: Vec<String>,
    /// What stands in its block.
    pub(super) block: Option<Vec<Directive>>,
}

impl Directive {
    pub(super) fn name(&self) -> &str {
        self.word(0)
    }

    /// The word at this position; empty where there is none.
    pub(super) fn word(&self, at: usize) -> &str {
        self.words.get(at).map_or("", String::as_str)
    }

    /// The words behind its name.
    pub(super) fn arguments(&self) -> &[String] {
        self.words.get(1..).unwrap_or_default()
    }

    /// What stands in its block.
    pub(super) fn inside(&self) -> &[Directive] {
        self.block.as_deref().unwrap_or_default()
    }

    /// All of it, as it is said.
    pub(super) fn text(&self) -> String {
        self.words.join(" ")
    }
}

/// A piece of the text.
enum Token {
    Word(String),
    End,
    Open,
    Close,
}

/// All directives of a file.
///
/// # Errors
/// A quote, a block or a directive has no end.
pub(super) fn directives(text: &str) -> Result<Vec<Directive>, String> {
    let mut tokens = Tokens { chars: text.chars().peekable(), line: 1 };
    // What is open, each with what stood in it so far.
    let mut open: Vec<(Directive, Vec<Directive>)> = Vec::new();
    let mut here: Vec<Directive> = Vec::new();
    let mut next = Directive::default();
    while let Some(token) = tokens.next()? {
        match token {
            Token::Word(word) => {
                if next.words.is_empty() {
                    next.line = tokens.line;
                }
                next.words.push(word);
            }
            Token::End if next.words.is_empty() => {
                return Err(format!("line {}: a ; without anything before it", tokens.line));
            }
            Token::End => here.push(std::mem::take(&mut next)),
            Token::Open if next.words.is_empty() => {
                return Err(format!("line {}: a {{ without anything before it", tokens.line));
            }
            Token::Open if next.name().ends_with("_by_lua_block") => {
                tokens.skip_block(next.line)?;
                next.block = Some(Vec::new());
                here.push(std::mem::take(&mut next));
            }
            Token::Open if open.len() == DEEPEST => {
                return Err(format!("line {}: more than {DEEPEST} blocks stand in each other", tokens.line));
            }
            Token::Open => open.push((std::mem::take(&mut next), std::mem::take(&mut here))),
            Token::Close => {
                if !next.words.is_empty() {
                    return Err(no_end(&next));
                }
                let (mut block, around) =
                    open.pop().ok_or_else(|| format!("line {}: a }} too many: leave it out", tokens.line))?;
                block.block = Some(std::mem::replace(&mut here, around));
                here.push(block);
            }
        }
    }
    if let Some((block, _)) = open.last() {
        return Err(format!("line {}: the block of '{}' has no }}: write it", block.line, block.name()));
    }
    if next.words.is_empty() { Ok(here) } else { Err(no_end(&next)) }
}

fn no_end(directive: &Directive) -> String {
    format!("line {}: '{}' has no ; behind it: write it", directive.line, directive.name())
}

struct Tokens<'t> {
    chars: std::iter::Peekable<std::str::Chars<'t>>,
    line: usize,
}

impl Tokens<'_> {
    fn char(&mut self) -> Option<char> {
        let c = self.chars.next();
        self.line += usize::from(c == Some('\n'));
        c
    }

    fn next(&mut self) -> Result<Option<Token>, String> {
        while let Some(c) = self.char() {
            return match c {
                c if c.is_ascii_whitespace() => continue,
                '#' => {
                    while self.char().is_some_and(|c| c != '\n') {}
                    continue;
                }
                ';' => Ok(Some(Token::End)),
                '{' => Ok(Some(Token::Open)),
                '}' => Ok(Some(Token::Close)),
                '"' | '\'' => self.quoted(c).map(|word| Some(Token::Word(word))),
                c => Ok(Some(Token::Word(self.plain(c)))),
            };
        }
        Ok(None)
    }

    fn quoted(&mut self, quote: char) -> Result<String, String> {
        let line = self.line;
        let mut word = String::new();
        while let Some(c) = self.char() {
            match c {
                c if c == quote => return Ok(word),
                '\\' => self.escaped(&mut word),
                c => word.push(c),
            }
        }
        Err(format!("line {line}: a {quote} has no end: close it, or write \\{quote} where the character is meant"))
    }

    fn plain(&mut self, first: char) -> String {
        let mut word = String::new();
        let mut next = Some(first);
        while let Some(c) = next {
            match c {
                '\\' => self.escaped(&mut word),
                '$' if self.chars.peek() == Some(&'{') => {
                    word.push(c);
                    // A variable's name between braces is no block.
                    while let Some(c) = self.chars.next_if(|c| !c.is_ascii_whitespace() && *c != ';') {
                        word.push(c);
                        if c == '}' {
                            break;
                        }
                    }
                }
                c => word.push(c),
            }
            next = self.chars.next_if(|c| !c.is_ascii_whitespace() && !matches!(c, ';' | '{' | '}'));
        }
        word
    }

    /// Reads what a backslash stands before; other letters keep it.
    fn escaped(&mut self, word: &mut String) {
        match self.char() {
            Some(c @ ('"' | '\'' | '\\')) => word.push(c),
            Some('t') => word.push('\t'),
            Some('r') => word.push('\r'),
            Some('n') => word.push('\n'),
            other => {
                word.push('\\');
                word.extend(other);
            }
        }
    }

    /// Passes over a block that is written in another language.
    fn skip_block(&mut self, line: usize) -> Result<(), String> {
        let mut depth = 1;
        while let Some(c) = self.char() {
            depth += i32::from(c == '{') - i32::from(c == '}');
            if depth == 0 {
                return Ok(());
            }
        }
        Err(format!("line {line}: a block has no }}: write it"))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test that cannot go on says so by panicking")]

    use super::*;

    fn words(text: &str) -> Vec<String> {
        directives(text).unwrap().remove(0).words
    }

    #[test]
    fn words_are_read_as_nginx_reads_them() {
        for (text, expected) in [
            ("a b;", vec!["a", "b"]),
            ("a \"b c\" 'd;e';", vec!["a", "b c", "d;e"]),
            (r#"a "\"x\\" "\.y" ~^/\.z$;"#, vec!["a", "\"x\\", r"\.y", r"~^/\.z$"]),
            ("a ${b}c \"\";", vec!["a", "${b}c", ""]),
            ("a # b\n c;", vec!["a", "c"]),
            ("a b#c;", vec!["a", "b#c"]),
        ] {
            assert_eq!(words(text), expected, "{text}");
        }
    }

    #[test]
    fn blocks_stand_in_each_other_and_lines_are_counted() {
        let read = directives("http {\n  server {\n    listen 80;\n  }\n}\nx_by_lua_block { if a { } }\ny;").unwrap();
        let listen = &read[0].inside()[0].inside()[0];
        assert_eq!((listen.line, listen.text().as_str()), (3, "listen 80"));
        assert_eq!((read[1].name(), read[2].line), ("x_by_lua_block", 7));
    }

    #[test]
    fn what_has_no_end_is_said_with_its_line() {
        for (text, error) in [
            ("a\nb \"c", "line 2: a \" has no end"),
            ("\na b", "line 2: 'a' has no ;"),
            ("a {\n b }", "line 2: 'b' has no ;"),
            ("a {", "line 1: the block of 'a' has no }"),
            ("}", "line 1: a } too many"),
            (";", "line 1: a ; without"),
            ("{", "line 1: a { without"),
            ("x_by_lua_block {", "line 1: a block has no }"),
        ] {
            let found = directives(text).unwrap_err();
            assert!(found.starts_with(error), "{text}: {found}");
        }
        assert!(directives(&"a {".repeat(100_000)).unwrap_err().contains("more than 16"));
    }
}
