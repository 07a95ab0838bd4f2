//! What the reader takes, and what it says of what it does not.

use std::path::Path;

use super::read;
use crate::learn::built_in::BUILT_IN;
use crate::learn::lesson::{Act, Answer, Lesson, StepKind};

/// The problems of a lesson, without the file's name.
fn problems(text: &str) -> Vec<String> {
    match read(Path::new("l.jsonc"), text.as_bytes(), &|_| Ok(())) {
        Ok(lesson) => panic!("it is good: {lesson:?}"),
        Err(error) => error.problems().iter().map(|one| one.raw().trim_start_matches("l.jsonc:").to_owned()).collect(),
    }
}

fn lesson(steps: &str) -> String {
    format!("{{\"title\": \"t\", \"steps\": [\n{steps}\n]}}")
}

fn good(text: &str) -> Lesson {
    read(Path::new("l.jsonc"), text.as_bytes(), &|_| Ok(())).expect(text)
}

#[test]
fn every_lesson_that_comes_with_the_program_reads() {
    for (at, one) in BUILT_IN.iter().enumerate() {
        let lesson = one.read(&|_| Ok(())).unwrap_or_else(|error| panic!("{error}"));
        assert!(!lesson.about.is_empty(), "{} says what one learns", one.file);
        assert!(one.file.starts_with(&format!("{:02}-", one.number)), "{}", one.file);
        assert!(at == 0 || BUILT_IN[at - 1].number < one.number, "{}", one.file);
        assert!(matches!(lesson.steps.last().map(|step| &step.kind), Some(StepKind::Debrief(_))), "{}", one.file);
    }
}

#[test]
fn a_step_is_one_thing_and_has_what_it_needs() {
    for (step, said) in [
        ("{}", "2:1: steps[0]: is none of say, ask, do and debrief"),
        ("{\"say\": \"a\", \"do\": \"b\"}", "2:1: steps[0]: is several of say, ask, do and debrief"),
        ("{\"sey\": \"a\"}", "2:2: steps[0].sey: is not a known key, did you mean 'say'?"),
        ("{\"say\": \"\"}", "2:9: steps[0].say: must not be empty"),
        ("{\"say\": \"a\", \"hints\": []}", "2:23: steps[0].hints: belongs to a step with 'do', and this one is 'say'"),
        ("{\"ask\": \"a\"}", "2:1: steps[0]: 'ask' needs 'choices': at least two"),
        ("{\"do\": \"a\"}", "2:1: steps[0]: 'do' needs 'until'"),
        (
            "{\"do\": \"a\", \"until\": {\"jain\": 1}, \"solution\": []}",
            "2:47: steps[0].solution: needs at least one line or key",
        ),
        ("{\"say\": 3}", "2:9: steps[0].say: must be a string, not 3"),
    ] {
        let all = problems(&lesson(step));
        assert!(all.iter().any(|one| one.starts_with(said)), "{step}: {all:#?}");
    }
    assert!(problems("{}").iter().any(|one| one.contains("a lesson needs a 'title'")));
    assert!(problems(&lesson("")).iter().any(|one| one.contains("must have at least one step")));
}

#[test]
fn a_command_of_a_lesson_is_one_of_the_command_language() {
    for (line, said) in [
        ("stratgy hash", "'stratgy' is no command, did you mean 'strategy'?"),
        ("strategy hsah", "Unknown strategy 'hsah'"),
        ("drain bravoo", "there is no backend 'bravoo'"),
        ("chaos bravo latencie 1s", "latencie"),
        ("traffic open rate=0", "a rate is from 1 to 500"),
        ("", "must not be empty"),
    ] {
        for key in ["run", "draw"] {
            let command = if key == "run" { format!("\"{line}\"") } else { format!("{{\"draw\": [\"{line}\"]}}") };
            let all = problems(&lesson(&format!("{{\"say\": \"a\", \"run\": [{command}]}}")));
            assert!(all.iter().any(|one| one.starts_with("2:") && one.contains(said)), "{line}: {all:#?}");
        }
    }
    let started = r#"{"say": "a", "run": ["demo", "drain delta"]}"#;
    good(&lesson(started));
    assert!(!problems(&lesson(r#"{"say": "a", "run": ["drain delta"]}"#)).is_empty());
}

#[test]
fn a_condition_says_where_it_is_wrong() {
    for (until, said) in [
        (
            r#"{"stratgy": "hash"}"#,
            r#"2:23: steps[0].until["stratgy"]: is not a known condition, did you mean 'strategy'?"#,
        ),
        (r#"{"maxactive(bravo)": "<4"}"#, "did you mean 'maxActive'?"),
        (r#"{"maxActive(brovo)": "<4"}"#, "'brovo' is no backend of this lesson, did you mean 'bravo'?"),
        (r#"{"maxActive": "<4"}"#, "needs a backend: maxActive(alpha)"),
        (r#"{"maxActive(bravo": "<4"}"#, "a bracket is not closed"),
        (r#"{"maxActive(bravo)": "4<"}"#, "'4<' is no comparison"),
        (r#"{"jain": true}"#, "must be a whole number"),
        (r#"{"strategy": "best"}"#, "Unknown strategy 'best'"),
        (r#"{"state(bravo)": "UPP"}"#, "'UPP' is not known: write UP"),
        (r#"{"opened": "wy"}"#, "did you mean 'why'?"),
        (r#"{"status": 3}"#, "needs a status or a class"),
        (r#"{"for": "10s"}"#, "'for' and 'over' are of what stands beside them"),
        (r#"{"jain": 1, "for": "10"}"#, "'10' is no time"),
        ("{}", "must have at least one condition"),
        (r#"{"all": [{"jain": 1}, {"x": 1}]}"#, r#"steps[0].until["all"][1]["x"]: is not a known condition"#),
        (r#"{"jain": 1, "jain": 2}"#, "is written twice: leave one"),
    ] {
        let step = format!(r#"{{"do": "a", "until": {until}, "solution": ["undo"]}}"#);
        let all = problems(&lesson(&step));
        assert!(all.iter().any(|one| one.contains(said)), "{until}: {all:#?}");
    }
}

#[test]
fn an_answer_is_one_of_the_choices_or_what_they_speak_of() {
    for (choices, answer, said) in [
        (r#"["1", "2"]"#, "3", "'3' is none of the choices"),
        (r#"["1"]"#, "1", "must be from two to nine choices"),
        (r#"["1", "many"]"#, "measured:jain", "a number is measured, and not every choice is one"),
        (r#"["1", "2"]"#, "measured:jian", "'jian' is no figure that is measured, did you mean 'jain'?"),
        (r#"["more", "less"]"#, "measured:change(jain)", "'up', 'down' or 'same' is measured"),
        (r#"["UP", "BROKEN"]"#, "measured:state(bravo)", "a state is measured"),
        (r#"["a", "b"]"#, "measured:pick(0)", "needs a number from 1 to 1000"),
    ] {
        let step = format!(r#"{{"ask": "a", "choices": {choices}, "answer": "{answer}"}}"#);
        let all = problems(&lesson(&step));
        assert!(all.iter().any(|one| one.contains(said)), "{choices} {answer}: {all:#?}");
    }
    let step = r#"{"ask": "a", "choices": ["none", "5 to 10", "33 %", {"text": "lots", "is": ">50"}], "answer": "measured:share(bravo)"}"#;
    let StepKind::Ask(ask) = &good(&lesson(step)).steps[0].kind else { panic!("it asks") };
    assert!(matches!(ask.answer, Answer::Measured(_)));
}

#[test]
fn all_problems_are_told_at_once() {
    let text = "{\n \"titel\": 1,\n \"backends\": 99,\n \"traffic\": {\"rate\": 0, \"mix\": {}, \"modell\": 1},\n \"start\": [\"x\"],\n \"steps\": []\n}";
    let all = problems(text);
    for said in [
        "2:2: titel: is not a known key, did you mean 'title'?",
        "3:14: backends: must be a whole number from 1 to 9, not 99",
        "4:22: traffic.rate: rate=0 is not understood",
        "traffic.mix: must have at least one request",
        "traffic.modell: is not a known key, did you mean 'model'?",
        "5:12: start[0]: 'x' is no command",
        "6:11: steps: must have at least one step",
    ] {
        assert!(all.iter().any(|one| one.starts_with(said) || one.contains(said)), "{said}: {all:#?}");
    }
}

#[test]
fn a_solution_is_typed_pressed_and_waited_for() {
    let step = r#"{"do": "a", "until": {"jain": 1}, "solution": ["drain bravo", "wait 5s", {"wait": {"active(bravo)": 0}}, "key space"]}"#;
    let StepKind::Do(does) = &good(&lesson(step)).steps[0].kind else { panic!("it does") };
    assert!(matches!(does.solution[..], [Act::Line(_), Act::Wait(_), Act::WaitUntil(_), Act::Key(_)]));
    let refuses = |line: &str| Err(format!("no {line}"));
    let trouble = read(Path::new("l"), lesson(step).as_bytes(), &refuses).expect_err("it is refused");
    assert!(trouble.to_string().contains("no drain bravo"), "{trouble}");
}

#[test]
fn the_page_about_writing_lessons_names_everything_there_is() {
    let page = include_str!("../../../docs/lessons.md");
    let figures = crate::learn::figure::FIGURES.iter().map(|known| known.name);
    let panes = crate::learn::condition::Pane::ALL.iter().map(|(name, _)| *name);
    let shows = crate::learn::lesson::Show::ALL.iter().map(|(name, _)| *name);
    for name in figures.chain(panes).chain(shows) {
        assert!(page.contains(&format!("`{name}")), "docs/lessons.md does not name {name}");
    }
    let schema: serde_json::Value = serde_json::from_str(&crate::learn::schema()).expect("JSON");
    let step = &schema["properties"]["steps"]["items"];
    for keys in [&schema["properties"], &schema["properties"]["settings"]["properties"], &step["properties"]] {
        let keys = keys.as_object().expect("keys");
        assert!(keys.len() > 3, "{keys:?}");
        for name in keys.keys().filter(|key| *key != "$schema") {
            assert!(page.contains(&format!("`{name}`")), "docs/lessons.md does not name {name}");
        }
    }
}
