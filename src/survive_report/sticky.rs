//! A `sticky` section as people write it.

use serde_json::Value;
use stickylb::untrusted::json_value;

/// The `sticky` section as the command line takes it; `None` where there is nothing to ask for, or no such words.
pub(super) fn option(sticky: &Value) -> Option<String> {
    let by = sticky.get("by")?.as_str().filter(|by| *by != "off")?;
    let from = match sticky.get("from") {
        None => String::new(),
        Some(Value::String(one)) => format!(":{one}"),
        Some(Value::Array(several)) => {
            let names: Option<Vec<&str>> = several.iter().map(Value::as_str).collect();
            format!(":{}", names?.join(","))
        }
        Some(_) => return None,
    };
    let option = format!("{by}{from}");
    // A name from outside may be anything; what a shell would read otherwise is in the section alone.
    let is_plain = option.chars().all(|c| c.is_ascii_alphanumeric() || ":,._-".contains(c));
    is_plain.then(|| format!("--sticky {option}"))
}

/// JSON on one line, with spaces between its parts.
pub(super) fn spaced(value: &Value) -> String {
    match value {
        Value::Object(fields) if !fields.is_empty() => {
            let fields = fields.iter().map(|(name, value)| {
                let name = json_value(&Value::String(name.clone()));
                format!("{name}: {}", spaced(value))
            });
            format!("{{ {} }}", fields.collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => format!("[{}]", items.iter().map(spaced).collect::<Vec<_>>().join(", ")),
        plain => json_value(plain),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_configuration_is_said_as_an_option_too_where_a_shell_takes_it_as_it_is() {
        let of = |sticky| option(&sticky).unwrap_or_default();
        assert_eq!(of(json!({"by": "learn", "from": "cookie:connect.sid"})), "--sticky learn:cookie:connect.sid");
        assert_eq!(of(json!({"by": "learn", "from": ["cookie:sid", "mcp"]})), "--sticky learn:cookie:sid,mcp");
        assert_eq!(of(json!({"by": "cookie"})), "--sticky cookie");
        assert_eq!(of(json!({"by": "off"})), "");
        assert_eq!(of(json!({"by": "learn", "from": "cookie:a$(b)"})), "");
        assert_eq!(of(json!({"by": "learn", "from": [{"response": "json:/id", "request": "query:id"}]})), "");
    }
}
