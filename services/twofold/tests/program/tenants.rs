//! Tenants and keys from the command line while a server runs.

use std::time::Duration;

use crate::support::{Home, Server, eventually, word};

/// Invariant of the product: what is changed anywhere is in force everywhere within a second.
const A_SECOND: Duration = Duration::from_secs(1);

fn status_becomes(server: &Server, key: &str, wanted: u16) {
    eventually(&format!("status {wanted}"), A_SECOND, || (server.get("/v1/settings", key).0 == wanted).then_some(()));
}

#[test]
fn tenants_and_keys_of_the_command_line_work_within_a_second() {
    let home = Home::new();
    let server = home.serve();
    let made = home.run(&["tenant", "create", "acme", "--preset", "hostkey"]);
    let live = word(&made.code(0).out, "tf_live_");
    status_becomes(&server, &live, 200);
    assert_eq!(server.get("/v1/settings", &live).1["effective"]["brand"], "HOSTKEY");

    let other = word(
        &home
            .run(&["key", "create", "--tenant", "acme", "--mode", "live", "--scopes", "settings", "--label", "ci"])
            .code(0)
            .out,
        "tf_live_",
    );
    status_becomes(&server, &other, 200);
    let listed = home.run(&["key", "list", "--tenant", "acme"]);
    let row = listed.code(0).out.lines().find(|line| line.ends_with("ci")).expect("listed").to_owned();
    assert!(!listed.out.contains(&other), "a list never shows keys");

    home.run(&["key", "revoke", &word(&row, "ky")]).code(0);
    status_becomes(&server, &other, 401);
    home.run(&["key", "revoke", &word(&row, "ky")]).code(1);

    home.run(&["tenant", "suspend", "acme"]).code(0);
    status_becomes(&server, &live, 401);
    home.run(&["tenant", "resume", "acme"]).code(0);
    status_becomes(&server, &live, 200);
    // The key itself names it as well.
    home.run(&["key", "revoke", &live]).code(0);
    status_becomes(&server, &live, 401);
}

#[test]
fn settings_and_channels_are_checked_before_anything_changes() {
    let home = Home::new();
    let _server = home.serve();
    home.run(&["tenant", "settings", "demo", "--set", "totp.digits=8", "--set", "brand=My Panel"]).code(0);
    let shown = home.run(&["tenant", "settings", "demo"]);
    let settings: serde_json::Value = serde_json::from_str(&shown.code(0).out).expect("JSON");
    assert_eq!((&settings["totp"]["digits"], &settings["brand"]), (&8.into(), &"My Panel".into()));
    let wrong = home.run(&["tenant", "settings", "demo", "--set", "totp.digits=7"]);
    assert!(wrong.code(1).err.contains("totp.digits: must be 6 or 8, not 7"), "{}", wrong.err);

    home.write("mail.toml", "transport = \"smtp\"\nhost = \"mail.example.org\"\nfrom = \"a@example.org\"\nusername = \"u\"\npassword = \"canary-7\"\n");
    home.run(&["tenant", "channel", "demo", "email", "--file", "mail.toml"]).code(0);
    let shown = home.run(&["tenant", "show", "demo"]);
    assert!(shown.code(0).out.contains("password_set") && !shown.out.contains("canary-7"), "{}", shown.out);
    home.write("mail.toml", "transport = \"smtp\"\nhost = \"127.0.0.1\"\nfrom = \"a@example.org\"\n");
    let inside = home.run(&["tenant", "channel", "demo", "email", "--file", "mail.toml"]);
    assert!(inside.code(1).err.contains("host must not lead to an internal address"), "{}", inside.err);
    home.write("mail.toml", "transport = \"smtp\"\nhost = = 1\n");
    let broken = home.run(&["tenant", "channel", "demo", "email", "--file", "mail.toml"]);
    assert!(broken.code(2).err.contains("mail.toml:2: not TOML"), "{}", broken.err);
    home.run(&["tenant", "channel", "demo", "email", "--remove"]).code(0);
    assert!(home.run(&["tenant", "channel", "demo", "email"]).code(0).out.contains("has no email channel of its own"));
}

#[test]
fn tenants_can_be_made_before_the_first_start() {
    let home = Home::new();
    let test = word(&home.run(&["tenant", "create", "acme"]).code(0).out, "tf_test_");
    let operator = word(&home.run(&["key", "create", "--operator"]).code(0).out, "tf_op_");
    let server = home.serve();
    assert_eq!(server.out(), "", "this is no first start any more");
    assert_eq!(server.get("/v1/settings", &test).0, 200);
    assert_eq!(server.get("/v1/operator/tenants", &operator).0, 200);
    let again = home.run(&["tenant", "create", "acme"]);
    assert!(again.code(1).err.contains("a tenant of that name exists already"), "{}", again.err);
    home.run(&["tenant", "show", "nobody"]).code(1);
    let preset = home.run(&["tenant", "create", "x", "--preset", "y"]);
    assert!(preset.code(2).err.contains("there are ipi, hideez"), "{}", preset.err);
}
