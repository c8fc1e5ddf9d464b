//! The login of a panel written with nothing but a shell and curl.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::json;

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
