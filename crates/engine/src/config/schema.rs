//! The configuration's JSON Schema (draft 2020-12), which lets editors complete and explain keys.
//!
//! It is made by the readers themselves, which run here without a file: see [`node`](super::node).

use std::cell::RefCell;
use std::sync::LazyLock;

use serde_json::{Value, json};

use super::document::Document;
use super::keys::Keys;
use super::listeners_and_pools::OF_POOLS;
use super::locations::Locations;
use super::node::Node;
use super::root::Config;

/// The schema as text.
pub static SCHEMA: LazyLock<String> = LazyLock::new(|| format!("{:#}\n", schema()));

fn schema() -> Value {
    let description =
        "Configuration of stickylb-tui. Comments and trailing commas are fine; times are in milliseconds.";
    let mut schema = schema_of(description, |keys| drop(Config::read(keys, &mut Locations::default())));
    // A pool has the same keys in both forms of the file: the second time it refers to the first.
    for key in OF_POOLS {
        schema["properties"]["pools"]["additionalProperties"]["properties"][key] =
            json!({ "$ref": format!("#/properties/{key}") });
    }
    schema
}

/// The schema of another file that is read by [`parse_by`](super::file::parse_by), as text.
pub fn schema_by(description: &str, read: impl FnOnce(&mut Keys<'_, '_>)) -> String {
    format!("{:#}\n", schema_of(description, read))
}

/// What a reader of a whole file takes.
fn schema_of(description: &str, read: impl FnOnce(&mut Keys<'_, '_>)) -> Value {
    let document = Document::new("null");
    let schema = RefCell::default();
    if let Some(null) = document.parse() {
        Node::describing(&document, &null, &schema)
            .hint("$schema", "https://json-schema.org/draft/2020-12/schema")
            .hint("title", "stickylb-tui")
            .hint("description", description)
            .object(read);
    }
    Value::Object(schema.into_inner())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use jsonschema::Validator;

    use super::*;

    /// Refused for what no schema can know: other keys and values, the environment, the system, or the text itself.
    const READER_ALONE: [&str; 38] = [
        "alerts-about-nothing",
        "alerts-without-email",
        "balancer-itself",
        "balancer-itself-by-address",
        "email-from-nobody",
        "email-without-service",
        "health-agent-without-an-answer",
        "host-a-name",
        "host-with-a-port",
        "hostile-names",
        "ids-and-names-over-pools",
        "listener-pool-empty",
        "names-in-the-way",
        "names-nobody-vouches-for",
        "names-without-http",
        "pool-unknown",
        "pool-unused",
        "pool-written-twice",
        "pools-of-the-wrong-mode",
        "port-exponent",
        "routes-never-reached",
        "secret-bad-header",
        "secret-empty-name",
        "secret-no-file",
        "secret-not-set",
        "sticky-from-without-learn",
        "sticky-learn-in-tcp-mode",
        "sticky-learn-without-from",
        "sticky-query",
        "tcp-and-http-in-the-flat-form",
        "two-addresses-without-names",
        "two-headers",
        "two-ids",
        "two-keys",
        "two-keys-escaped",
        "two-listeners-on-one-address",
        "two-names",
        "two-pools-with-one-cookie",
    ];

    /// The fixtures of a folder that are JSON in its loosest sense: name, text.
    fn fixtures(folder: &str) -> Vec<(String, String)> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/configs").join(folder);
        let files = std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path());
        let json = files.filter(|path| path.extension().is_some_and(|extension| extension == "json"));
        json.filter_map(|path| {
            let text = std::fs::read_to_string(&path).ok()?;
            let name = path.file_stem()?.to_str()?.to_owned();
            Some((name, text.trim_start_matches('\u{feff}').to_owned()))
        })
        .collect()
    }

    /// As the reader takes it; `None` where it is not JSON.
    fn value(text: &str) -> Option<Value> {
        let document = Document::new(text);
        document.parse().map(|value| Node::new(&document, &value).json())
    }

    /// Every key that the reader asks for, by its path: `backends[].tls.verify`, `listeners[].port`.
    fn asked() -> BTreeSet<String> {
        let mut all = BTreeSet::new();
        for (_, text) in fixtures("good") {
            let document = Document::new(&text);
            if let Some(value) = document.parse() {
                Node::new(&document, &value).object(|keys| Config::read(keys, &mut Locations::default()));
            }
            all.extend(document.asked.borrow().iter().map(|path| general(path)));
        }
        all.retain(|path| !path.ends_with("$schema"));
        all
    }

    /// The path without numbers and without the names that people choose.
    fn general(path: &str) -> String {
        let mut parts = path.split('[');
        let first = parts.next().unwrap_or_default().to_owned();
        let path = parts.fold(first, |path, part| match part.split_once(']') {
            Some((inner, rest)) if inner.starts_with('"') => format!("{path}.*{rest}"),
            Some((_, rest)) => format!("{path}[]{rest}"),
            None => path,
        });
        in_a_pool(path)
    }

    /// A pool has the same keys in both forms of the file.
    fn in_a_pool(path: String) -> String {
        path.strip_prefix("pools.*.").map(str::to_owned).unwrap_or(path)
    }

    /// Every key that the schema has, in the same form.
    fn described(of: &Value, path: &str, root: &Value, all: &mut BTreeSet<String>) {
        if let Some(name) = of["$ref"].as_str() {
            described(root.pointer(&name[1..]).expect("a definition"), path, root, all);
        }
        for (key, value) in of["properties"].as_object().into_iter().flatten() {
            let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
            assert!(!value["description"].is_null() || !value["$ref"].is_null(), "{path} has no description");
            described(value, &path, root, all);
            all.insert(in_a_pool(path));
        }
        for way in of["anyOf"].as_array().into_iter().flatten() {
            described(way, path, root, all);
        }
        if of["items"].is_object() {
            described(&of["items"], &format!("{path}[]"), root, all);
        }
        if of["additionalProperties"].is_object() {
            described(&of["additionalProperties"], &format!("{path}.*"), root, all);
        }
    }

    #[test]
    fn the_schema_has_the_keys_that_the_reader_asks_for_and_no_others() {
        let root = schema();
        let mut described_keys = BTreeSet::new();
        described(&root, "", &root, &mut described_keys);
        described_keys.remove("$schema");
        let asked = asked();
        let missing: Vec<_> = asked.difference(&described_keys).collect();
        let unknown: Vec<_> = described_keys.difference(&asked).collect();
        assert!(missing.is_empty(), "the reader asks for these, and the schema does not have them: {missing:?}");
        assert!(
            unknown.is_empty(),
            "the schema has these, and the reader asks for none of them in the good fixtures: {unknown:?}"
        );
    }

    #[test]
    fn good_configurations_match_it() {
        let validator = Validator::new(&schema()).expect("a schema");
        for (name, text) in fixtures("good") {
            let value = value(&text).expect("JSON");
            let problems: Vec<_> =
                validator.iter_errors(&value).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert!(problems.is_empty(), "{name}: {problems:?}");
        }
    }

    #[test]
    fn bad_configurations_do_not_unless_only_the_reader_can_know() {
        let validator = Validator::new(&schema()).expect("a schema");
        let mut matching: Vec<String> = fixtures("bad")
            .into_iter()
            .filter(|(_, text)| value(text).is_some_and(|value| validator.is_valid(&value)))
            .map(|(name, _)| name)
            .collect();
        matching.sort();
        assert_eq!(matching, READER_ALONE);
    }
}
