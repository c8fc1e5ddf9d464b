//! The golden files: one for every type, version and sample, for ever. They are what old logs look like.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::PathBuf;

use super::samples::samples;
use super::{data_json, read};
use crate::wire::{EventDoc, catalogue};

fn folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("golden")
}

fn docs() -> BTreeMap<&'static str, EventDoc> {
    catalogue().into_iter().map(|doc| (doc.name, doc)).collect()
}

/// `<type>.v<version>.json`, or `<type>.v<version>.<label>.json`.
fn file_name(kind: &str, version: u32, label: &str) -> String {
    if label.is_empty() { format!("{kind}.v{version}.json") } else { format!("{kind}.v{version}.{label}.json") }
}

/// Type and version out of a file's name.
fn of_file(name: &str) -> Option<(String, u32)> {
    let stem = name.strip_suffix(".json")?;
    let (kind, rest) = stem.split_once(".v")?;
    let version = rest.split('.').next()?.parse().ok()?;
    Some((kind.to_owned(), version))
}

#[test]
fn every_sample_is_written_and_read_as_its_golden_file_says() {
    // The only writing this test ever does: files that are missing, when asked to.
    let may_add = std::env::var_os("UPDATE_GOLDEN").is_some_and(|value| value == "1");
    let docs = docs();
    let mut problems = Vec::new();
    for sample in samples() {
        let kind = sample.event.name();
        let version = docs[kind].version;
        let name = file_name(kind, version, sample.label);
        let path = folder().join(&name);
        let written = data_json(&sample.event, version) + "\n";
        if may_add && !path.exists() {
            let mut file = std::fs::File::create_new(&path).unwrap();
            file.write_all(written.as_bytes()).unwrap();
        }
        let Ok(golden) = std::fs::read_to_string(&path) else {
            problems.push(format!("golden/{name} is missing; run this test once with UPDATE_GOLDEN=1 to add it"));
            continue;
        };
        if golden != written {
            problems.push(format!(
                "golden/{name} says\n  {golden}but is written as\n  {written}\
                 Never change the file: raise the version and add a step"
            ));
        }
        match read(kind, version, &golden) {
            Ok(event) if event == sample.event => {}
            Ok(event) => problems.push(format!("golden/{name} is read as {event:?}")),
            Err(why) => problems.push(format!("golden/{name}: {why}")),
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

#[test]
fn every_type_has_a_full_sample_and_one_without_its_optional_members() {
    let there: BTreeSet<_> = samples().iter().map(|sample| (sample.event.name(), sample.label)).collect();
    assert_eq!(there.len(), samples().len(), "two samples with the same label");
    for doc in catalogue() {
        assert!(there.contains(&(doc.name, "")), "no sample of {}", doc.name);
        let optional = doc.fields.iter().any(|field| field.optional);
        assert!(!optional || there.contains(&(doc.name, "min")), "no `min` sample of {}", doc.name);
    }
}

#[test]
fn golden_files_of_every_version_can_still_be_read() {
    let docs = docs();
    let mut versions: BTreeMap<&str, BTreeSet<u32>> = BTreeMap::new();
    for entry in std::fs::read_dir(folder()).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let (kind, version) = of_file(&name).unwrap_or_else(|| panic!("golden/{name} is not a golden file"));
        let doc = docs.get(kind.as_str()).unwrap_or_else(|| panic!("golden/{name} is of no known type"));
        let data = std::fs::read_to_string(&path).unwrap();
        let event = read(&kind, version, &data).unwrap_or_else(|why| panic!("golden/{name}: {why}"));
        assert_eq!(event.name(), kind);
        versions.entry(doc.name).or_default().insert(version);
    }
    for doc in docs.values() {
        let expected: BTreeSet<u32> = (1..=doc.version).collect();
        assert_eq!(versions.get(doc.name), Some(&expected), "versions of {} with golden files", doc.name);
    }
}

#[test]
fn types_are_unique_and_called_as_the_domain_calls_them() {
    assert_eq!(docs().len(), catalogue().len(), "two types with the same name");
    for sample in samples() {
        // Panics when the written type is another than the domain's name.
        data_json(&sample.event, docs()[sample.event.name()].version);
    }
    for doc in catalogue() {
        assert!(doc.version >= 1 && !doc.description.is_empty(), "{}", doc.name);
    }
}

#[test]
fn the_catalogue_tells_the_members_and_their_forms() {
    let doc = docs().remove("factor.locked").unwrap();
    assert_eq!((doc.aggregate, doc.version), ("user", 1));
    let members: Vec<_> = doc.fields.iter().map(|field| (field.name, field.optional, field.form.as_str())).collect();
    assert_eq!(
        members,
        [
            ("kind", false, "totp|email|sms|recovery_code"),
            ("failures", false, "u32"),
            ("until", true, "milliseconds since 1970"),
        ]
    );
    let target = &docs()["verification.failed"].fields[1].form;
    assert_eq!(target, r#""direct" | {challenge: ch…} | {enrolment: en…}"#);
}
