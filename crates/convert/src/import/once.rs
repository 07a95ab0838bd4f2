//! Settings that ours has once for the whole file, and the other program in each of its sections.

use serde_json::{Map, Value, json};

use super::left_out::LeftOut;

/// One setting: our key, such as `timeouts.idle`, its value, and the line that said it first.
struct Setting {
    key: &'static str,
    value: Value,
    line: usize,
}

/// Settings of the whole file.
#[derive(Default)]
pub(super) struct Once(Vec<Setting>);

impl Once {
    /// Takes a value that one section has for our key; another one has been there before it is said. `words` is what stands in
    /// the line.
    pub(super) fn set(
        &mut self,
        key: &'static str,
        value: impl Into<Value>,
        (line, words): (usize, &str),
        left_out: &mut LeftOut,
    ) {
        let value = value.into();
        match self.0.iter_mut().find(|known| known.key == key) {
            None => self.0.push(Setting { key, value, line }),
            Some(known) if known.value == value => {}
            // That was what holds where nothing is said.
            Some(known) if known.line == 0 => *known = Setting { key, value, line },
            Some(known) => left_out.part(
                line,
                words,
                &format!("there is one {key} for all here, and line {} has it already", known.line),
            ),
        }
    }

    /// Takes what holds where the file says nothing.
    pub(super) fn set_unless(&mut self, key: &'static str, value: impl Into<Value>) {
        if self.0.iter().all(|known| known.key != key) {
            self.0.push(Setting { key, value: value.into(), line: 0 });
        }
    }

    /// Writes them into our configuration.
    pub(super) fn write(self, config: &mut Map<String, Value>) {
        for Setting { key, value, .. } in self.0 {
            match key.split_once('.') {
                None => {
                    config.insert(key.to_owned(), value);
                }
                Some((section, key)) => {
                    let section = config.entry(section).or_insert_with(|| json!({}));
                    section[key] = value;
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_counts_and_another_one_is_said() {
        let (mut once, mut left_out) = (Once::default(), LeftOut::default());
        once.set("timeouts.idle", 1000, (2, "timeout client 1s"), &mut left_out);
        once.set("timeouts.idle", 1000, (5, "timeout client 1000"), &mut left_out);
        once.set("timeouts.idle", 5000, (9, "timeout client 5s"), &mut left_out);
        once.set("hold", 1, (3, "hold"), &mut left_out);
        let mut config = Map::new();
        once.write(&mut config);
        assert_eq!(Value::Object(config), json!({ "timeouts": { "idle": 1000 }, "hold": 1 }));
        let said = [
            "line 9: 'timeout client 5s' is left out: there is one timeouts.idle for all here, and line 2 has it already",
        ];
        assert_eq!(left_out.sentences(), said);
    }
}
