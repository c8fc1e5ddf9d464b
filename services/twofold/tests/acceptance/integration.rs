//! The login of a panel written with nothing but a shell and curl: a whole one, and the one that the README shows.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::app::App;
use crate::support::panel::Panel;
use crate::support::tools::run;
use crate::support::world::World;

/// Runs the script; gives whether the user is in, and what he was told.
fn login(panel: &Panel, user: &str, typed: &str) -> (bool, String) {
    run("curl", "curl", &["--version"], b"");
    run("jq", "jq", &["--version"], b"");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/acceptance/login.sh");
    let mut child = Command::new("sh")
        .args([script, user])
        .env("TWOFOLD_URL", format!("http://{}", panel.address))
        .env("TWOFOLD_KEY", &panel.key)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("a shell");
    // The script may end without asking.
    let _ = child.stdin.take().expect("piped").write_all(typed.as_bytes());
    let output = child.wait_with_output().expect("an end");
    (output.status.success(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn a_shell_script_with_curl_is_a_whole_login() {
    let mut world = World::of("hideez");
    let panel = world.panel();
    let name = "ann/+&? \u{e4}@example.org";
    let ann = panel.register(name, &json!({}));
    assert_eq!(login(&panel, name, ""), (true, String::new()), "no second factor yet");
    let (mut app, codes) = ann.enrol_app();
    let (inside, told) = login(&panel, name, &format!("{}\n{}\n", app.one_wrong(), app.fresh()));
    assert!(inside, "{told}");
    assert_eq!(told, "Enter the code from your authenticator app.\nThe code is wrong.\n");
    assert!(login(&panel, name, &format!("{}\n", codes[0])).0, "a recovery code");
    assert!(!login(&panel, name, &format!("{}\n", codes[0])).0, "only once");
    assert!(!login(&panel, name, "").0, "no code, no login");
    assert!(!login(&panel, name, "\"}{\n$(true)\n'\n").0);
    assert!(!login(&panel, "nobody", "123456\n").0, "an unknown user is not let in");
    let stranger = Panel::new(panel.address, "tf_live_unknown");
    assert!(!login(&stranger, name, "123456\n").0, "a wrong key lets nobody in");
    world.server.kill();
    assert!(!login(&panel, name, "123456\n").0, "a server that is away lets nobody in");
}

/// The commands that the README shows for a login, comments left out: the preparation, and what is asked.
fn commands_of_the_readme() -> (String, Vec<&'static str>) {
    let readme = include_str!("../../../../README.md");
    let section = readme.split("## A login in five minutes").nth(1).expect("the section");
    let block = section.split("```sh\n").nth(1).and_then(|rest| rest.split("```").next()).expect("a block of commands");
    let lines = block.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let (asked, prepared): (Vec<&str>, Vec<&str>) = lines.partition(|line| line.starts_with("api "));
    (prepared.join("\n"), asked)
}

#[test]
fn the_commands_of_the_readme_are_a_login() {
    run("curl", "curl", &["--version"], b"");
    let world = World::of("ipi");
    let panel = world.test_panel();
    let (preparation, asked) = commands_of_the_readme();
    let preparation = preparation
        .replace("http://127.0.0.1:8080", &format!("http://{}", panel.address))
        .replace("tf_test_…", &panel.key);
    let mut commands = asked.into_iter();
    let mut next = |changes: &[(&str, &str)]| -> Value {
        let command = commands.next().expect("one more command").to_owned();
        let command = changes.iter().fold(command, |text, (shown, real)| {
            assert!(text.contains(shown), "{shown} in {text}");
            text.replace(shown, real)
        });
        let told = run("sh", "dash", &["-c", &format!("{preparation}\n{command}")], b"");
        serde_json::from_slice(&told)
            .unwrap_or_else(|error| panic!("{command}: {error}: {}", String::from_utf8_lossy(&told)))
    };
    assert_eq!(next(&[])["user"], "alice");
    let enrolment = next(&[]);
    let mut app = App::typed_in(&enrolment);
    let done = next(&[("en…", enrolment["id"].as_str().expect("an id")), ("123456", &app.fresh())]);
    assert_eq!(
        (done["verified"].as_bool(), done["recovery_codes"].as_array().map(Vec::len)),
        (Some(true), Some(10)),
        "{done}"
    );
    let login = next(&[]);
    assert_eq!((login["status"].as_str(), login["login_allowed"].as_bool()), (Some("code_required"), Some(false)));
    let code = app.fresh();
    let done =
        next(&[("ch…", login["id"].as_str().expect("an id")), ("123 456", &format!("{} {}", &code[..3], &code[3..]))]);
    assert_eq!(done["verified"], true, "{done}");
    assert!(next(&[])["items"].is_array());
    assert!(commands.next().is_none(), "every command was tried");
}
