//! What-if on a real pseudo-terminal: the table of strategies, and one of them put in use.

use crate::support::program::get;
use crate::terminal::Terminal;

#[test]
fn the_last_requests_are_shown_by_every_strategy_and_enter_puts_one_in_use() {
    let mut terminal = Terminal::demo();
    let port = terminal.port();
    // Too few yet, and from now on it watches.
    terminal.press("S");
    terminal.shows("no figures: ");
    terminal.shows("> * round-robin");
    terminal.press("\x1b");
    for _ in 0..60 {
        get(port, "/whoami");
    }
    terminal.press("S");
    terminal.shows("model: 100 % as real, 60 requests in ");
    terminal.shows("AS REAL");
    let figures = |mark: &str, name: &str| {
        let line = terminal.line_with(mark);
        let (_, figures) = line.split_once(name).unwrap();
        figures.split_whitespace().take(4).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(figures("> * round-robin", "round-robin"), ["20", "20", "20", "1.000"]);
    assert_eq!(figures("    first  ", "first"), ["60", "0", "0", "0.333"]);
    terminal.press("jj\r");
    terminal
        .wait("it is in use", |screen| !screen.contains("What if?") && screen.contains("strategy round-robin → least"));
    terminal.press("S");
    terminal.shows("> * least-connections");
    terminal.shows("since the last change");
    terminal.press("\x1b");
    terminal.wait("the dialog is closed", |screen| !screen.contains("What if?"));
    terminal.press("=");
    terminal.shows("fairness is counted from now on");
    terminal.press(":whatif without=alpha\r");
    terminal.shows("no figures: ");
}
