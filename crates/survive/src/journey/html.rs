//! Attributes of HTML that ids stand in.

use std::collections::HashMap;

use html5gum::{Token, Tokenizer};

/// Hands each attribute to `each` with a key that says where it is: tag, name or id, attribute, and which of several. The
/// value is out of its entities.
pub(super) fn attributes(body: &[u8], mut each: impl FnMut(&str, &str)) {
    let mut seen: HashMap<String, usize> = HashMap::new();
    for Ok(token) in Tokenizer::new(body) {
        let Token::StartTag(tag) = token else { continue };
        let text = |name: &[u8]| {
            let found = tag.attributes.iter().find(|(one, _)| one.as_slice() == name);
            found.map(|(_, value)| String::from_utf8_lossy(value.as_slice()))
        };
        let called = text(b"name").or_else(|| text(b"property")).or_else(|| text(b"id")).unwrap_or_default();
        for (attribute, value) in &tag.attributes {
            if matches!(attribute.as_slice(), b"name" | b"class" | b"style" | b"property" | b"type") {
                continue;
            }
            let (tag, attribute) = (String::from_utf8_lossy(&tag.name), String::from_utf8_lossy(attribute));
            let mut key = format!("{tag}[{called}] {attribute}");
            let count = seen.entry(key.clone()).or_default();
            *count += 1;
            if *count > 1 {
                key = format!("{key} {count}");
            }
            each(&key, &String::from_utf8_lossy(value.as_slice()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_attribute_has_a_key_that_a_new_page_has_too() {
        let page =
            br#"<meta name="csrf-token" content="abc"><form action="/a?x=1&amp;y=2"><input name=_csrf value='t1'>
            <input name=_csrf value=t2><a href=/one>1</a><a href="/two">2</a><a hr"#;
        let mut found = Vec::new();
        attributes(page, |key, value| found.push(format!("{key} = {value}")));
        assert_eq!(
            found,
            [
                "meta[csrf-token] content = abc",
                "form[] action = /a?x=1&y=2",
                "input[_csrf] value = t1",
                "input[_csrf] value 2 = t2",
                "a[] href = /one",
                "a[] href 2 = /two",
            ]
        );
    }
}
