//! Configuration files.
//!
//! The target checks that every problem has a position inside the file, and that an accepted configuration is valid as
//! a whole.

use std::path::Path;
use stickylb::config::{Config, ConfigError, Problem, parse};
use stickylb::program::parse_beside_copies;

/// Tokens of the format.
pub const TOKENS: &[&str] = &[
    "{}",
    "[]",
    "null",
    "true",
    "\"\"",
    "\"*\"",
    "\"\\u0000\"",
    "\"\\ud800\"",
    "// x\n",
    "/*",
    "*/",
    ",",
    "\u{feff}",
    "\u{1b}[31m",
    "日本",
    "\"port\": 0,",
    "\"host\": \"::\",",
    "\"backends\": [{\"url\": \"5000\"}],",
    "\"url\": \"tcp://[::1]:5000\",",
    "\"url\": \"unix:/tmp/a.sock\",",
    "\"url\": \"https://user:pass@a.example/b?c\",",
    "\"strategy\": \"hash\",",
    "\"sticky\": {\"by\": \"header:X\"},",
    "\"by\": \"query:\"",
    "\"cookie\": {\"sameSite\": \"None\", \"secure\": true},",
    "\"health\": {\"algorithm\": \"command\"},",
    "\"healthCommand\": [\"\"],",
    "\"expect\": {\"status\": \"2xx,300-399\"},",
    "\"listeners\": [{\"port\": 0, \"mode\": \"tcp\", \"pool\": \"a\"}],",
    "\"pools\": {\"a\": {}},",
    "\"match\": {\"upgrade\": true, \"pathPrefix\": \"/\", \"host\": \"*.a\"},",
    "\"email\": {\"service\": \"gmail\"},",
    "\"owner\": \"a@b.example, c <d@e>\",",
    "\"trustedProxies\": [\"10.0.0.0/33\"],",
    "\"tls\": {\"certificates\": [{\"cert\": \"a\", \"key\": \"b\"}], \"minVersion\": \"1.3\"},",
    "\"tls\": {\"names\": [\"a.test\", \"example.com\", \"10.0.0.1\"], \"plain\": \"refuse\"},",
    "\"names\": [\"app\", \"a.dev\", \"app.localhost.\"],",
];

fn problems_of(parsed: Result<Config, ConfigError>) -> Result<Config, Vec<Problem>> {
    match parsed {
        Ok(config) => Ok(config),
        Err(ConfigError::Invalid { problems, .. }) => Err(problems),
        Err(other) => panic!("these bytes cannot be unreadable: {other}"),
    }
}

/// Whether the problem's position is in the text or at its end.
fn is_inside(problem: &Problem, text: &str) -> bool {
    let line = problem.line.checked_sub(1).and_then(|before| text.split('\n').nth(before));
    line.is_some_and(|line| (1..=line.chars().count() + 1).contains(&problem.column))
}

fn check(parsed: Result<Config, ConfigError>, data: &[u8]) -> Option<Config> {
    match problems_of(parsed) {
        Ok(config) => {
            assert_eq!(config.problems(), Vec::<String>::new(), "taken, and invalid");
            Some(config)
        }
        Err(problems) => {
            assert!(!problems.is_empty(), "refused, and nothing is wrong with it");
            // In a file that is not UTF-8, the problem is located after the valid text.
            let text = data.utf8_chunks().next().map_or("", |chunk| chunk.valid());
            for problem in &problems {
                assert!(is_inside(problem, text), "not in the file: {problem}");
                assert!(!problem.message.is_empty(), "no word about what is wrong: {problem}");
            }
            assert!(problems.is_sorted_by_key(|problem| (problem.line, problem.column)), "not in the file's order");
            None
        }
    }
}

/// A configuration file's bytes.
pub fn target(data: &[u8]) {
    // A secret may be read from a file that never ends, such as a device.
    if data.windows(4).any(|four| four == b"ile:") {
        return;
    }
    let path = Path::new("a.json");
    let config = check(parse(path, data), data);
    let beside_copies = check(parse_beside_copies(path, data), data);
    if config.is_some() {
        assert_eq!(beside_copies, config, "beside backends of its own it says something else");
    }
}
