//! The words of a line that a person typed: `open rate=24 mix="90% GET /, 10% POST /echo"`.

/// The words, at the blanks outside of double quotes; the quotes themselves are left out.
///
/// # Errors
/// A quote is not closed; as one sentence.
pub(super) fn words(line: &str) -> Result<Vec<String>, String> {
    let (mut words, mut word, mut quoted, mut begun) = (Vec::new(), String::new(), false, false);
    for character in line.chars() {
        match character {
            '"' => (quoted, begun) = (!quoted, true),
            blank if blank.is_whitespace() && !quoted => {
                if std::mem::take(&mut begun) {
                    words.push(std::mem::take(&mut word));
                }
            }
            other => {
                begun = true;
                word.push(other);
            }
        }
    }
    if quoted {
        return Err("a quotation mark is not closed".to_owned());
    }
    if begun {
        words.push(word);
    }
    Ok(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_in_quotation_marks_part_no_words() {
        assert_eq!(
            words(r#" a  b=1 mix="90% GET /, x" "" "#),
            Ok(["a", "b=1", "mix=90% GET /, x", ""].map(str::to_owned).to_vec())
        );
        assert!(words("a \"b").is_err());
    }
}
