use super::*;
use stickylb::api::{Level, Notice};

fn notices(range: std::ops::Range<usize>) -> Vec<Arc<Event>> {
    let notice = |n: usize| Notice::new(SystemTime::UNIX_EPOCH, Level::Info, format!("line {n}"));
    range.map(|n| Arc::new(Event::Notice(notice(n)))).collect()
}

fn text(line: &Line) -> String {
    match &*line.event {
        Event::Notice(notice) => notice.text.to_string(),
        _ => String::new(),
    }
}

fn selected(log: &Log) -> String {
    let place = log.place().expect("held");
    log.window(place, place + 1).first().map(text).expect("shown")
}

fn filter(text: &str) -> Option<Filter> {
    Filter::parse(text).expect("good")
}

#[test]
fn what_is_read_stays_while_lines_come_and_go() {
    let mut log = Log::default();
    log.append(notices(0..100));
    log.go(50);
    log.append(notices(100..LINES + 20));
    assert_eq!((log.shown(), selected(&log)), (LINES, "line 50".to_owned()));
    log.append(notices(LINES + 20..LINES + 70));
    assert_eq!(selected(&log), "line 70", "its line is gone: the oldest there is");
}

#[test]
fn marks_outlive_the_lines_around_them() {
    let mut log = Log::default();
    log.append(notices(0..100));
    for place in [10, 20] {
        log.go(place);
        log.toggle_mark().expect("few");
    }
    log.follow();
    log.append(notices(100..LINES + 500));
    assert_eq!(log.shown(), LINES + 2);
    let found: Vec<String> = (0..2)
        .map(|_| {
            log.next_match(false).expect("a mark");
            selected(&log)
        })
        .collect();
    assert_eq!(found, ["line 20", "line 10"]);
    assert_eq!(log.next_match(false), Err(Refused::NoneThere("there is no mark above".to_owned())));
    log.toggle_mark().expect("taken away");
    assert_eq!(log.shown(), LINES + 1);
}

#[test]
fn a_filter_hides_the_rest_or_shows_it_with_the_matches_told_apart() {
    let mut log = Log::default();
    log.append(notices(0..100));
    log.set_filter(filter("7"));
    log.append(notices(100..108));
    assert_eq!((log.shown(), log.matches(), log.len()), (20, 20, 108));
    assert_eq!(text(&log.window(0, 1)[0]), "line 7");
    log.next_match(false).expect("one");
    assert_eq!(selected(&log), "line 107");
    log.toggle_everything();
    assert_eq!((log.shown(), selected(&log)), (108, "line 107".to_owned()));
    log.next_match(false).expect("one");
    assert_eq!(selected(&log), "line 97");
    log.set_filter(None);
    assert_eq!(selected(&log), "line 97", "it stays when the filter goes");
}

#[test]
fn a_filter_for_marks_follows_them() {
    let mut log = Log::default();
    log.append(notices(0..10));
    log.set_filter(filter("marked"));
    assert_eq!(log.shown(), 0);
    log.set_filter(None);
    log.go(3);
    log.toggle_mark().expect("few");
    log.set_filter(filter("marked"));
    assert_eq!(log.shown(), 1);
}

#[test]
fn an_empty_log_can_be_moved_about_in() {
    let mut log = Log::default();
    log.step(-1);
    log.step(1);
    log.go(7);
    log.toggle_mark().expect("nothing to mark");
    assert!(log.next_match(true).is_err());
    assert!(log.follows());
}
