//! Nothing acknowledged is lost when the power fails, in a few rounds; `twofold-load power-loss` plays many.

use std::process::Command;

/// "No disk can be mounted here": neither good nor bad.
const NO_DISK: i32 = 2;

#[test]
fn a_power_loss_takes_nothing_that_was_acknowledged_from_logs_that_wait_for_the_disk() {
    let output = Command::new(env!("CARGO_BIN_EXE_twofold-load"))
        .args(["power-loss", "--cuts", "8", "--seed", "3"])
        .output()
        .expect("started");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    if output.status.code() == Some(NO_DISK) {
        return println!("skipped: {text}");
    }
    assert!(output.status.success(), "{}\n{text}{errors}", output.status);
    assert_eq!(text.matches("ok: nothing lost").count(), 2, "{text}");
    assert_eq!(text.matches("ok: loses, as it may").count(), 2, "the disk must forget something: {text}");
}
