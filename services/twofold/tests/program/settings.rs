//! Settings as the program takes them. The full table of mistakes stands beside the code that reads them.

use crate::support::{Home, ran};

#[test]
fn a_mistake_is_told_with_file_line_and_key_and_ends_with_2() {
    let table = [
        (
            "\n[api]\nmax_body_bytes = 1\n",
            "error: twofold.toml:3: api.max_body_bytes: must be bytes, from 1024 to 16777216; it is 1",
        ),
        ("[api]\nmax_body = 1\n", "error: twofold.toml:2: api.max_body: no such setting; there are max_body_bytes"),
        ("listen = \"everywhere\"\n", "error: twofold.toml:1: listen: must be an address and a port"),
        ("[log]\nformat = \"xml\"\n", "error: twofold.toml:2: log.format: must be text or json"),
        (
            "[delivery.email]\ntransport = \"smtp\"\nfrom = \"a@example.org\"\n",
            "delivery.email.host: must be a host name or address",
        ),
        ("master_key = \"00\"\n", "error: twofold.toml:1: master_key: must not stand in a file"),
        ("[api\n", "error: twofold.toml:1: not TOML"),
    ];
    for (text, wanted) in table {
        let home = Home::new();
        home.write("twofold.toml", text);
        for command in [&["serve"][..], &["config", "print"], &["tenant", "list"]] {
            let ran = home.run(command);
            assert!(ran.code(2).err.contains(wanted), "{command:?}\n told {}\nwanted {wanted}", ran.err);
            assert!(!home.data().exists(), "nothing was begun");
        }
    }
}

#[test]
fn a_file_that_was_named_must_be_there() {
    let ran = Home::new().run(&["--config", "other.toml", "config", "print"]);
    assert!(ran.code(2).err.contains("other.toml: cannot be read"), "{}", ran.err);
}

#[test]
fn the_file_gives_way_to_the_environment_and_both_to_flags() {
    let home = Home::new();
    home.write("twofold.toml", "data_dir = \"a\"\nlisten = \"127.0.0.1:1\"\n[api]\nmax_in_flight = 7\n");
    let mut command = home.command(&["config", "print", "--data-dir", "c"]);
    let ran = ran(command
        .env("TWOFOLD__DATA_DIR", "b")
        .env("TWOFOLD__LISTEN", "127.0.0.1:2")
        .env("TWOFOLD__MASTER_KEY", "0123456789abcdef".repeat(4)));
    let rows: Vec<Vec<&str>> = ran.out.lines().map(|line| line.split_whitespace().collect()).collect();
    let row = |key: &str| {
        rows.iter().find(|row| row.first() == Some(&key)).unwrap_or_else(|| panic!("{key} in {}", ran.out)).clone()
    };
    assert_eq!(row("data_dir"), ["data_dir", "\"c\"", "--data-dir"]);
    assert_eq!(row("listen"), ["listen", "\"127.0.0.1:2\"", "TWOFOLD__LISTEN"]);
    assert_eq!(row("api.max_in_flight"), ["api.max_in_flight", "7", "twofold.toml:4"]);
    assert_eq!(row("api.max_body_bytes"), ["api.max_body_bytes", "65536", "default"]);
    assert!(row("master_key").contains(&"TWOFOLD__MASTER_KEY"));
    assert!(!ran.code(0).out.contains("0123456789abcdef"), "secrets are shown nowhere");
}
