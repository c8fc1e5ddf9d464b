//! The client examples that the README names, run by the interpreters of their languages.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::support::panel::Panel;
use crate::support::world::World;

const EXAMPLES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clients/examples");

/// Runs an example; its exit code is 0 only when the user is in.
fn example(interpreter: &str, script: &str, panel: &Panel, user: &str, typed: &str) -> (Option<i32>, String) {
    let mut child = Command::new(interpreter)
        .args([&format!("{EXAMPLES}/{script}"), user])
        .env("TWOFOLD_URL", format!("http://{}", panel.address))
        .env("TWOFOLD_KEY", &panel.key)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap_or_else(|_| panic!("{interpreter} is missing: install the Debian package php-cli or python3"));
    // The example may end without asking.
    let _ = child.stdin.take().expect("piped").write_all(typed.as_bytes());
    let output = child.wait_with_output().expect("an end");
    let told = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&told).into_owned())
}

#[test]
fn the_php_and_python_examples_let_in_whom_they_should() {
    let mut world = World::of("hideez");
    let panel = world.panel();
    for (interpreter, script) in [("php", "login.php"), ("python3", "login.py")] {
        let name = format!("{interpreter} & söns");
        let user = panel.register(&name, &json!({}));
        let run = |typed: &str| example(interpreter, script, &panel, &name, typed);
        assert_eq!(run("").0, Some(0), "no second factor yet");
        let (mut app, codes) = user.enrol_app();
        let wrong = run(&format!("{}\n", app.one_wrong()));
        assert_eq!(wrong.0, Some(1), "{}", wrong.1);
        assert!(wrong.1.contains("The code is wrong."), "{}", wrong.1);
        let right = run(&format!("{}\n", app.fresh()));
        assert_eq!(right.0, Some(0), "{}", right.1);
        assert_eq!(run(&format!("{}\n", codes[0])).0, Some(0), "a recovery code");
        assert_eq!(run(&format!("{}\n", codes[0])).0, Some(1), "only once");
        let nobody = example(interpreter, script, &panel, "nobody", "123456\n");
        assert_eq!(nobody.0, Some(2), "{}", nobody.1);
    }
    world.server.kill();
    for (interpreter, script) in [("php", "login.php"), ("python3", "login.py")] {
        let away = example(interpreter, script, &panel, "anybody", "123456\n");
        assert!(away.0.is_some_and(|code| code != 0), "a server that is away lets nobody in: {}", away.1);
    }
}
