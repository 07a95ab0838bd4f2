use stickylb::api::{BackendView, Intent, RequestEvent};

use super::*;

fn now() -> Snapshot {
    let mut backend = BackendView::default();
    (backend.id, backend.name) = (1.into(), "alpha".into());
    let mut now = Snapshot::default();
    now.backends = vec![backend];
    now
}

fn person() -> Conversation {
    let mut person = Conversation::new(Leaving::EndsOrGoesOn, true);
    person.begin(&now());
    assert!(person.take_text().ends_with("follows the log\n> "));
    person
}

fn line(conversation: &mut Conversation, text: &str) -> Wanted {
    conversation.typed(Typed::Line(text.to_owned()), &now())
}

fn request(number: u64) -> std::iter::Once<Arc<Event>> {
    let mut request = RequestEvent::default();
    request.number = Some(number.into());
    std::iter::once(Arc::new(Event::Request(request)))
}

#[test]
fn where_survive_watches_the_greeting_says_how_its_report_is_made() {
    let mut person = Conversation::new(Leaving::Reports, true);
    person.begin(&now());
    let text = person.take_text();
    assert!(text.ends_with("follows the log, survive report or quit ends the watch and reports\n> "), "{text}");
}

#[test]
fn while_the_prompt_stands_log_lines_wait_and_an_empty_line_follows_them() {
    let mut person = person();
    person.happened(request(1), 0);
    assert_eq!(person.take_text(), "");
    assert_eq!(
        line(&mut person, "up alpha"),
        Wanted::Command(Command::SetIntent { id: 1.into(), intent: Intent::InService })
    );
    person.answer(&Reply::done("alpha is in service"));
    let text = person.take_text();
    assert!(text.contains(" #1\n= alpha is in service\n") && text.ends_with("\n> "), "{text}");
    assert!(matches!(line(&mut person, ""), Wanted::Answer(_)));
    person.happened(request(2), 0);
    assert!(person.take_text().ends_with(" #2\n"));
    line(&mut person, "");
    assert_eq!(person.take_text(), "> ");
}

#[test]
fn quit_asks_a_person_and_no_script() {
    let asked = || {
        let mut someone = person();
        assert_eq!(line(&mut someone, "quit"), Wanted::Quit);
        assert!(someone.quit_with(2).is_some());
        someone
    };
    assert_eq!(line(&mut asked(), "n"), Wanted::Answer(Reply::done("it goes on")));
    assert_eq!(line(&mut asked(), "d"), Wanted::Leave(Left::Detached));
    assert_eq!(asked().typed(Typed::End, &now()), Wanted::Leave(Left::Quit));
    assert_eq!(person().quit_with(0), None);
    let mut script = Conversation::new(Leaving::EndsOrGoesOn, false);
    assert_eq!(script.typed(Typed::End, &now()), Wanted::Nothing);
    assert_eq!(line(&mut script, "quit"), Wanted::Leave(Left::Quit));
    let mut attached = Conversation::new(Leaving::GoesOn, false);
    assert_eq!(attached.typed(Typed::End, &now()), Wanted::Leave(Left::Quit));
}

#[test]
fn the_end_of_input_ends_the_prompts_line_and_writes_the_log_lines_that_wait() {
    let mut person = person();
    person.happened(request(1), 0);
    assert_eq!(person.typed(Typed::End, &now()), Wanted::Quit);
    person.leave();
    let text = person.take_text();
    assert!(text.starts_with('\n') && text.ends_with(" #1\n"), "{text:?}");
    line(&mut person, "");
    person.take_text();
    person.happened(request(2), 0);
    assert_eq!(person.typed(Typed::End, &now()), Wanted::Quit);
    let text = person.take_text();
    assert!(
        text.ends_with(" #2\n") && text.lines().count() == 1,
        "no prompt stands while the log is followed: {text:?}"
    );
}

#[test]
fn what_was_typed_is_answered_without_its_control_characters() {
    let mut person = person();
    for text in ["why \x1b[2J", "filter path:\x1b[2J", "replay \x1b[2J", "log \x1b", "help \x1b", "drain \x1b"] {
        let Wanted::Answer(reply) = line(&mut person, text) else { panic!("{text:?}") };
        let told = reply.marked();
        assert!(!told.trim_end().chars().any(char::is_control), "{told:?}");
    }
}

#[test]
fn a_filter_may_stand_behind_any_blank_and_its_end_says_what_is_shown() {
    let mut person = person();
    let mut told = |text| match line(&mut person, text) {
        Wanted::Answer(reply) => reply.marked(),
        other => panic!("{other:?}"),
    };
    assert_eq!(told("filter\tstatus>=500"), "= only log lines that match are shown: status>=500\n");
    assert_eq!(told("filter"), "= no filter; all log lines are shown\n");
    told("log off");
    assert_eq!(told("  filter  status>=500"), "= filter status>=500; no log lines are shown\n");
    assert_eq!(told("filter"), "= no filter; no log lines are shown\n");
}

#[test]
fn what_is_wrong_is_one_sentence() {
    let mut person = person();
    for (text, wanted) in [
        ("drian alpha", "there is no command 'drian', did you mean 'drain'?"),
        ("drain", "BACKEND is missing: drain BACKEND"),
        ("why 7", "there is no request 7 among the last 0"),
        ("why me", "'me' is no number of a request, such as 17 where its line ends in #17"),
        ("log loud", "write it so: log on|off|errors"),
        ("status all", "write it so: status"),
    ] {
        assert_eq!(line(&mut person, text), Wanted::Answer(Reply::trouble(wanted)), "{text}");
    }
    let Wanted::Answer(reply) = line(&mut person, "filter status>=x") else { panic!("an answer") };
    assert!(reply.marked().starts_with("= error: "), "{reply:?}");
}
