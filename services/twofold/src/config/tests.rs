//! Precedence, messages, and the list of known settings against the types.

use super::environment::Environment;
use super::*;

fn read(file: &str, variables: &[(&str, &str)], flags: &Flags) -> Result<Effective, Problems> {
    let environment =
        environment::read(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())))?;
    merge(file::parse("twofold.toml", file)?, environment, flags)
}

fn problem(file: &str) -> String {
    read(file, &[], &Flags::default()).expect_err(file).to_string()
}

#[test]
fn defaults_are_complete_and_within_their_bounds() {
    let found = merge(Layer::default(), Environment::default(), &Flags::default()).expect("defaults");
    assert_eq!(found.settings.listen.to_string(), "127.0.0.1:8080");
    assert_eq!(found.settings.data_dir.to_string_lossy(), "./twofold-data");
    assert!(found.settings.delivery.email.is_none());
    assert!(found.shown().iter().all(|row| row.origin == "default" || row.origin.starts_with("not set")));
}

#[test]
fn the_environment_beats_the_file_and_a_flag_beats_both() {
    let file = "listen = \"127.0.0.1:1\"\ndata_dir = \"a\"\n[api]\nmax_in_flight = 7\n";
    let variables = [("TWOFOLD__LISTEN", "127.0.0.1:2"), ("TWOFOLD__DATA_DIR", "b"), ("PATH", "/bin")];
    let flags = Flags { listen: Some("127.0.0.1:3".to_owned()), ..Flags::default() };
    let found = read(file, &variables, &flags).expect("good");
    assert_eq!(found.settings.listen.port(), 3);
    assert_eq!(found.settings.data_dir.to_string_lossy(), "b");
    assert_eq!(found.settings.api.max_in_flight, 7);
    let origin = |key: &str| found.shown().into_iter().find(|row| row.key == key).expect(key).origin;
    assert_eq!(origin("listen"), "--listen");
    assert_eq!(origin("data_dir"), "TWOFOLD__DATA_DIR");
    assert_eq!(origin("api.max_in_flight"), "twofold.toml:4");
    assert_eq!(origin("api.max_body_bytes"), "default");
}

#[test]
fn values_of_the_environment_are_read_as_what_the_setting_needs() {
    let variables = [
        ("TWOFOLD__API__MAX_BODY_BYTES", "2048"),
        ("TWOFOLD__DELIVERY__ENABLED", "false"),
        ("TWOFOLD__DELIVERY__ALLOW", "10.0.0.0/8, mail.internal:25"),
        ("TWOFOLD__DELIVERY__EMAIL__TRANSPORT", "smtp"),
        ("TWOFOLD__DELIVERY__EMAIL__HOST", "mail.example.org"),
        ("TWOFOLD__DELIVERY__EMAIL__PORT", "465"),
        ("TWOFOLD__DELIVERY__EMAIL__FROM", "a@example.org"),
        ("TWOFOLD__DELIVERY__EMAIL__USERNAME", "0042"),
        ("TWOFOLD__DELIVERY__EMAIL__PASSWORD", "0042"),
    ];
    let found = read("", &variables, &Flags::default()).expect("good").settings;
    assert_eq!((found.api.max_body_bytes, found.delivery.enabled), (2048, false));
    assert_eq!(found.delivery.allow.len(), 2);
    let email = found.delivery.email.expect("set");
    assert_eq!((email.port, email.username.as_deref()), (Some(465), Some("0042")));
}

#[test]
fn every_mistake_names_file_line_key_and_what_is_accepted() {
    let table = [
        ("\n\nlisten = 5\n", "twofold.toml:3: listen: must be an address and a port"),
        ("listen = \"here\"", "twofold.toml:1: listen: must be an address and a port"),
        (
            "[api]\n\n# why\nmax_body_bytes = 1\n",
            "twofold.toml:4: api.max_body_bytes: must be bytes, from 1024 to 16777216; it is 1",
        ),
        ("[api]\nmax_body_bytes = \"many\"", "twofold.toml:2: api.max_body_bytes: must be bytes"),
        ("[api]\nmax_body_bytes = -1", "twofold.toml:2: api.max_body_bytes: must be bytes"),
        ("[api]\nmax_body = 1", "twofold.toml:2: api.max_body: no such setting; there are max_body_bytes"),
        ("[apis]\nx = 1", "twofold.toml:1: apis: no such setting; there are listen"),
        ("api = 1", "twofold.toml:1: api: must be a section with max_body_bytes"),
        ("master_key = \"00\"", "twofold.toml:1: master_key: must not stand in a file"),
        ("[log]\nlevel = \"loud\"", "twofold.toml:2: log.level: must be off, error"),
        ("[log]\nformat = \"xml\"", "twofold.toml:2: log.format: must be text or json"),
        ("[delivery]\nallow = [\"10.0.0.0/8\", \"x\"]", "twofold.toml:2: delivery.allow: must be a list of networks"),
        ("[delivery]\nconcurrency = 0", "twofold.toml:2: delivery.concurrency: must be a number from 1 to 256"),
        ("[delivery.email]\ntransport = \"smtp\"\n", "delivery.email.from: is missing; it must be an e-mail address"),
        (
            "[delivery.email]\ntransport = \"pigeon\"\nfrom = \"a@b.example\"",
            "twofold.toml:2: delivery.email.transport: must be smtp or outbox",
        ),
        (
            "[delivery.email]\ntransport = \"smtp\"\nfrom = \"a@b.example\"\nhost = \"a b\"",
            "twofold.toml:4: delivery.email.host: must be a host name or address",
        ),
        (
            "[delivery.email]\nprot = 1",
            "twofold.toml:2: delivery.email.prot: no such setting; there are transport, host, port",
        ),
        ("[delivery.sms]\nprovider = \"twilio\"", "twofold.toml:2: delivery.sms.twilio: goes with provider twilio"),
        (
            "[telemetry]\notlp_endpoint = \"collector\"",
            "twofold.toml:2: telemetry.otlp_endpoint: must be the collector's address",
        ),
        ("a = \n", "twofold.toml:1: not TOML"),
        ("[api]\nmax_in_flight = 1\nmax_in_flight = 2", "twofold.toml:3: not TOML"),
    ];
    for (file, wanted) in table {
        let told = problem(file);
        assert!(
            told.starts_with(wanted) || told.contains(wanted) && !wanted.starts_with("twofold.toml"),
            "{file:?}\n told {told}\nwanted {wanted}"
        );
    }
}

#[test]
fn all_mistakes_are_told_at_once() {
    assert_eq!(problem("[api]\nmax_body_bytes = 1\nmax_in_flight = 0\n").lines().count(), 2);
    assert_eq!(problem("a = 1\nb = 2\n").lines().count(), 2);
}

#[test]
fn variables_and_flags_are_named_in_messages() {
    let told = |variables: &[(&str, &str)], flags: &Flags| read("", variables, flags).expect_err("wrong").to_string();
    let none = Flags::default();
    assert!(
        told(&[("TWOFOLD__API__MAX_IN_FLIGHT", "x")], &none)
            .starts_with("TWOFOLD__API__MAX_IN_FLIGHT: api.max_in_flight: must be a number")
    );
    assert!(
        told(&[("TWOFOLD__API__FLIGHT", "1")], &none).starts_with("TWOFOLD__API__FLIGHT: api.flight: no such setting")
    );
    assert!(
        told(&[("TWOFOLD__MASTER_KEY", "canary")], &none)
            .starts_with("TWOFOLD__MASTER_KEY: master_key: a master key is")
    );
    assert!(
        told(&[], &Flags { listen: Some("x".to_owned()), ..none }).starts_with("--listen: listen: must be an address")
    );
}

#[test]
fn secrets_are_neither_shown_nor_told() {
    let file = "[delivery.email]\ntransport = \"smtp\"\nhost = \"mail.example.org\"\nfrom = \"a@example.org\"\nusername = \"u\"\npassword = \"canary\"\n\
        [delivery.sms]\nprovider = \"http\"\n[delivery.sms.http]\nurl = \"https://sms.example/\"\nformat = \"json\"\nbody = '{\"to\": {{ to }}, \"b\": {{ body }}}'\nheaders = { X-Key = \"canary\" }\n";
    let key = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";
    let found = read(file, &[("TWOFOLD__MASTER_KEY", key)], &Flags::default()).expect("good");
    let shown = format!("{:?}", found.shown());
    assert!(!shown.contains("canary") && !shown.contains(key), "{shown}");
    assert!(shown.contains("X-Key") && shown.contains("(set, not shown)"), "{shown}");
    assert!(!format!("{:?}", found.settings).contains("canary"));
    for wrong in ["password = [\"canary\"]", "password = \"canary\\n\"", "password = 2027-01-01"] {
        let told = problem(&file.replace("password = \"canary\"", wrong));
        assert!(!told.contains("canary"), "{told}");
    }
}

#[test]
fn broker_and_database_are_read_and_checked_together() {
    let variables = [
        ("TWOFOLD__NATS__SERVERS", "nats://a:4222, tls://b:4222"),
        ("TWOFOLD__NATS__USER", "api"),
        ("TWOFOLD__NATS__PASSWORD", "canary"),
        ("TWOFOLD__POSTGRES__URL", "postgres://u:canary@db/twofold"),
    ];
    let found = read("", &variables, &Flags { allow_unsafe_log: true, ..Flags::default() }).expect("good");
    assert_eq!(found.settings.nats.servers, ["nats://a:4222", "tls://b:4222"]);
    assert!(found.settings.is_production() && found.settings.nats.allow_unsafe);
    assert!(!format!("{:?} {:?}", found.settings, found.shown()).contains("canary"));
    let with = |file: &str| problem(&format!("[nats]\nservers = [\"nats://a\"]\n{file}"));
    let table = [
        (problem("[postgres]\nurl = \"postgres://a/b\"\n"), "twofold.toml:2: postgres.url: goes with nats.servers"),
        (problem("[nats]\nuser = \"a\"\npassword = \"b\"\n"), "twofold.toml:2: nats.user: goes with nats.servers"),
        (problem("[nats]\nservers = [\"nats://u:canary@a\"]\n"), "it is (not shown)@a"),
        (problem("[nats]\nservers = [\"http://a\"]\n"), "must be a list of addresses without user and password"),
        (with("user = \"a\"\n"), "twofold.toml:3: nats.user: goes together with nats.password"),
        (with("tls_key = \"a\"\n"), "nats.tls_key: goes together with nats.tls_cert"),
        (with("user = \"a\"\npassword = \"b\"\ncredentials_file = \"c\"\n"), "cannot be used together with nats.user"),
        (with("stream = \"a b\"\n"), "nats.stream: must be 1 to 64 of"),
        (with("monitors = [\"a:8222\"]\n"), "nats.monitors: must be a list of the servers' monitoring addresses"),
        (with("[postgres]\nurl = \"canary\"\n"), "postgres.url: must be an address such as"),
        (
            with("[postgres]\nmax_connections = 0\n"),
            "postgres.max_connections: must be a number from 1 to 500; it is 0",
        ),
        (problem("[delivery]\nchannels = []\n"), "delivery.channels: must be a list of email and sms, not empty"),
    ];
    for (told, wanted) in table {
        assert!(told.contains(wanted) && !told.contains("canary"), "told {told}\nwanted {wanted}");
    }
}

#[test]
fn a_secret_may_be_in_a_file_that_a_variable_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("secret");
    std::fs::write(&path, "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\r\n").expect("written");
    let name = path.to_str().expect("UTF-8");
    let found = read("", &[("TWOFOLD__MASTER_KEY_FILE", name)], &Flags::default()).expect("good");
    assert!(found.settings.master_key.is_some());
    let row = found.shown().into_iter().find(|row| row.key == "master_key").expect("shown");
    assert_eq!(row.origin, "TWOFOLD__MASTER_KEY_FILE");
    let told =
        |variable: &str, path: &str| read("", &[(variable, path)], &Flags::default()).expect_err("wrong").to_string();
    let gone = format!("{name}-gone");
    assert!(
        told("TWOFOLD__MASTER_KEY_FILE", &gone).starts_with(&format!("TWOFOLD__MASTER_KEY_FILE: master_key: {gone}: "))
    );
    assert!(told("TWOFOLD__LISTEN_FILE", name).contains("no such setting"), "only secrets");
    assert!(told("TWOFOLD__MASTER_KEY_FILE", folder.path().to_str().expect("UTF-8")).contains("is no file"));
}

#[test]
fn every_field_of_a_channel_is_known() {
    let found = read(
        "[delivery.email]\ntransport = \"outbox\"\nfrom = \"a@example.org\"\n[delivery.sms]\nprovider = \"outbox\"\n",
        &[],
        &Flags::default(),
    );
    let delivery = found.expect("good").settings.delivery;
    let fields = delivery.email.expect("set").redacted();
    for field in fields.as_object().expect("object").keys().filter(|key| !key.ends_with("_set")) {
        assert!(known::known(&format!("delivery.email.{field}")).is_some(), "{field}");
    }
}
