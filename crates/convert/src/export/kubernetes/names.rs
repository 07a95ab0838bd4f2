//! Names of objects (RFC 1035 labels).

use stickylb::api::ResolvedConfig;

/// A name for each pool.
pub(super) struct Names(Vec<(String, String)>);

impl Names {
    pub(super) fn of(config: &ResolvedConfig) -> Self {
        let mut names: Vec<(String, String)> = Vec::new();
        for pool in &config.pools {
            let own = label(&pool.name);
            let is_taken = |name: &String| names.iter().any(|(_, other)| other == name);
            let numbered = (2..).map(|number| format!("{own}-{number}"));
            let name = std::iter::once(own.clone()).chain(numbered).find(|name| !is_taken(name)).unwrap_or(own);
            names.push((pool.name.clone(), name));
        }
        Names(names)
    }

    pub(super) fn name(&self, pool: &str) -> &str {
        self.0.iter().find(|(own, _)| own == pool).map_or("default", |(_, name)| name)
    }
}

/// A pool's name in what a label may hold: lower case and dashes, a letter at its beginning.
fn label(name: &str) -> String {
    let label: String = name.chars().map(|c| if c == '_' { '-' } else { c.to_ascii_lowercase() }).collect();
    let label = label.trim_matches('-');
    if label.starts_with(|c: char| c.is_ascii_lowercase()) {
        label.to_owned()
    } else {
        format!("pool-{label}").trim_end_matches('-').to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::label;

    #[test]
    fn any_name_of_a_pool_becomes_a_label() {
        let labels = ["web", "Web_1", "-_-", "9lives", "_x_"].map(label);
        assert_eq!(labels, ["web", "web-1", "pool", "pool-9lives", "x"]);
    }
}
