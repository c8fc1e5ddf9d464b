//! Programs of other people that see the product as a user's phone, camera and mail program do.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde::Deserialize;

/// Runs a program with some input and gives its output. A missing one fails the test with the package to install.
#[track_caller]
pub fn run(program: &str, package: &str, arguments: &[&str], input: &[u8]) -> Vec<u8> {
    let spawned = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match spawned {
        Ok(child) => child,
        Err(error) => panic!("{program}: {error}; install the Debian package {package}"),
    };
    // A program may end without having read everything.
    let _ = child.stdin.take().expect("piped").write_all(input);
    let output = child.wait_with_output().expect("output");
    let told = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{program} {arguments:?}: {told}");
    output.stdout
}

/// The code an authenticator shows at an instant, from the secret in base32.
#[track_caller]
pub fn oathtool(secret: &str, digits: u32, at_secs: u64) -> String {
    oathtool_with(&["--base32"], secret, digits, at_secs)
}

/// The same from the secret in hexadecimal digits, as keys for a pocket want it.
#[track_caller]
pub fn oathtool_hex(secret: &str, digits: u32, at_secs: u64) -> String {
    oathtool_with(&[], secret, digits, at_secs)
}

#[track_caller]
fn oathtool_with(form: &[&str], secret: &str, digits: u32, at_secs: u64) -> String {
    let (digits, now) = (format!("--digits={digits}"), format!("--now=@{at_secs}"));
    let arguments: Vec<&str> =
        ["--totp", digits.as_str(), now.as_str()].into_iter().chain(form.iter().copied()).chain([secret]).collect();
    String::from_utf8(run("oathtool", "oathtool", &arguments, b"")).expect("digits").trim().to_owned()
}

/// What a camera reads from an SVG with a QR code.
#[track_caller]
pub fn read_qr(svg: &str) -> String {
    let png =
        run("rsvg-convert", "librsvg2-bin", &["--zoom=4", "--background-color=white", "--format=png"], svg.as_bytes());
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("qr.png");
    std::fs::write(&file, png).expect("written");
    let file = file.to_str().expect("UTF-8");
    let text = run("zbarimg", "zbar-tools", &["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", file], b"");
    String::from_utf8(text).expect("UTF-8").trim_end_matches('\n').to_owned()
}

/// A mail as a mail program shows it.
#[derive(Debug, Deserialize)]
pub struct Letter {
    pub subject: String,
    pub to: String,
    pub from: String,
    pub text: String,
}

const READ_MAIL: &str = "
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
body = mail.get_body(('plain',))
print(json.dumps({'subject': str(mail['subject']), 'to': str(mail['to']), 'from': str(mail['from']), 'text': body.get_content()}))
";

#[track_caller]
pub fn read_mail(raw: &[u8]) -> Letter {
    serde_json::from_slice(&run("python3", "python3", &["-c", READ_MAIL], raw)).expect("a letter")
}

/// The one code in a text: a run of digits of this length.
#[track_caller]
pub fn code_in(text: &str, digits: usize) -> String {
    let runs = text.split(|c: char| !c.is_ascii_digit()).filter(|run| run.len() == digits);
    let found: std::collections::BTreeSet<&str> = runs.collect();
    assert_eq!(found.len(), 1, "one code of {digits} digits in {text:?}");
    found.into_iter().next().unwrap_or_default().to_owned()
}

/// Bytes of a base32 text without padding.
pub fn base32(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let (mut bytes, mut held, mut bits) = (Vec::new(), 0_u32, 0_u32);
    for byte in text.bytes() {
        let value = ALPHABET.iter().position(|known| *known == byte).unwrap_or_else(|| panic!("{text} is not base32"));
        held = (held << 5) | u32::try_from(value).expect("small");
        bits += 5;
        if bits >= 8 {
            bits -= 8;
            bytes.push(u8::try_from((held >> bits) & 0xff).expect("a byte"));
        }
    }
    bytes
}

pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().flat_map(|byte| [byte >> 4, byte & 15]).filter_map(|half| char::from_digit(half.into(), 16)).collect()
}
