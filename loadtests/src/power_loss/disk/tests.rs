use std::ffi::OsStr;

use super::*;

fn name(text: &str) -> &OsStr {
    OsStr::new(text)
}

fn made(disk: &mut Disk, text: &str) -> Node {
    disk.create(ROOT, name(text), false).expect("created")
}

fn write(disk: &mut Disk, node: Node, offset: u64, bytes: &[u8]) {
    disk.file_mut(node).expect("a file").write(offset, bytes);
}

fn sync(disk: &mut Disk, node: Node) {
    let sync = disk.begin_sync(node);
    disk.end_sync(sync).expect("synced");
}

fn read(disk: &Disk, node: Node) -> Vec<u8> {
    disk.file(node).expect("a file").read(0, 1 << 20)
}

fn lose(disk: &mut Disk) -> Damage {
    disk.cut(Survival::Nothing, &mut Dice::new(1))
}

#[test]
fn only_what_was_synced_survives_a_power_loss() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    write(&mut disk, file, 0, b"durable");
    sync(&mut disk, file);
    write(&mut disk, file, 0, b"changed");
    write(&mut disk, file, 10_000, b"appended");
    assert_eq!(lose(&mut disk), Damage { files: 1, names: 0 });
    assert_eq!(read(&disk, file), b"durable");
}

#[test]
fn a_sync_covers_what_was_written_before_it_began_and_nothing_after() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    write(&mut disk, file, 0, b"before");
    let sync = disk.begin_sync(file);
    write(&mut disk, file, 0, b"after!");
    disk.end_sync(sync).expect("synced");
    assert_eq!(read(&disk, file), b"after!");
    lose(&mut disk);
    assert_eq!(read(&disk, file), b"before");
}

#[test]
fn of_two_syncs_at_once_the_older_does_not_undo_the_newer() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    write(&mut disk, file, 0, b"first");
    let older = disk.begin_sync(file);
    write(&mut disk, file, 0, b"second");
    let newer = disk.begin_sync(file);
    disk.end_sync(newer).expect("synced");
    disk.end_sync(older).expect("synced");
    lose(&mut disk);
    assert_eq!(read(&disk, file), b"second");
}

#[test]
fn a_sync_that_the_power_loss_overtakes_makes_nothing_durable() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    sync(&mut disk, file);
    write(&mut disk, file, 0, b"late");
    let sync = disk.begin_sync(file);
    lose(&mut disk);
    assert!(disk.end_sync(sync).is_err());
    assert_eq!(read(&disk, file), b"");
}

#[test]
fn a_sync_whose_sender_is_killed_makes_nothing_durable_and_undoes_nothing() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    sync(&mut disk, file);
    write(&mut disk, file, 0, b"written");
    let sync = disk.begin_sync(file);
    disk.abandon_syncs();
    assert!(disk.end_sync(sync).is_err());
    assert_eq!(read(&disk, file), b"written");
    lose(&mut disk);
    assert_eq!(read(&disk, file), b"");
}

#[test]
fn names_become_durable_in_order_with_any_sync() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "old");
    write(&mut disk, file, 0, b"x");
    disk.rename((ROOT, name("old")), (ROOT, name("new")), true).expect("renamed");
    let other = made(&mut disk, "other");
    sync(&mut disk, other);
    disk.remove(ROOT, name("other"), false).expect("removed");
    made(&mut disk, "late");
    assert_eq!(lose(&mut disk).names, 2);
    let names: Vec<_> = disk.list(ROOT).expect("the root").keys().cloned().collect();
    assert_eq!(names, ["new", "other"]);
    assert_eq!(read(&disk, file), b"", "its bytes were never synced");
}

#[test]
fn what_a_truncation_cut_off_stays_away() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    write(&mut disk, file, 0, &[7; 9_000]);
    sync(&mut disk, file);
    disk.file_mut(file).expect("a file").truncate(5_000);
    disk.file_mut(file).expect("a file").truncate(9_000);
    let expected = [vec![7; 5_000], vec![0; 4_000]].concat();
    assert_eq!(read(&disk, file), expected);
    sync(&mut disk, file);
    lose(&mut disk);
    assert_eq!(read(&disk, file), expected);
}

#[test]
fn a_truncation_that_was_not_synced_is_taken_back() {
    let mut disk = Disk::new();
    let file = made(&mut disk, "file");
    write(&mut disk, file, 0, &[7; 9_000]);
    sync(&mut disk, file);
    disk.file_mut(file).expect("a file").truncate(0);
    lose(&mut disk);
    assert_eq!(read(&disk, file), [7; 9_000]);
}

#[test]
fn what_was_synced_survives_a_kinder_power_loss_too() {
    for seed in 0..200 {
        let mut disk = Disk::new();
        let file = made(&mut disk, "file");
        write(&mut disk, file, 0, &[1; 10_000]);
        sync(&mut disk, file);
        write(&mut disk, file, 10_000, &[2; 10_000]);
        made(&mut disk, "second");
        disk.cut(Survival::Some, &mut Dice::new(seed));
        let bytes = read(&disk, file);
        assert!(bytes.len() >= 10_000 && bytes[..10_000].iter().all(|byte| *byte == 1), "seed {seed}");
        assert!(bytes[10_000..].iter().all(|byte| *byte == 2 || *byte == 0), "seed {seed}");
    }
}

#[test]
fn directories_refuse_what_a_file_system_refuses() {
    let mut disk = Disk::new();
    let folder = disk.create(ROOT, name("folder"), true).expect("created");
    disk.create(folder, name("file"), false).expect("created");
    let refused = |result: Result<(), Errno>| result.expect_err("refused").code();
    assert_eq!(refused(disk.remove(ROOT, name("folder"), true)), Errno::ENOTEMPTY.code());
    assert_eq!(refused(disk.remove(ROOT, name("folder"), false)), Errno::EISDIR.code());
    assert_eq!(refused(disk.remove(folder, name("none"), false)), Errno::ENOENT.code());
    assert_eq!(refused(disk.create(folder, name("file"), false).map(|_| ())), Errno::EEXIST.code());
}
