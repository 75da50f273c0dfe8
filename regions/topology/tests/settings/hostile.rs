//! Files and variables that are not settings at all: bounded, and answered in few words.

use std::ffi::OsString;
use std::fs;
use std::os::unix::ffi::OsStringExt;
use std::path::PathBuf;

use tombolo_topology::{Settings, SettingsError};

use crate::{REQUIRED, load, load_bytes, us_east};

#[test]
fn a_variable_that_is_not_unicode_is_refused_only_where_it_sets_something() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("tombolo.toml");
    fs::write(&path, REQUIRED).unwrap();
    let bytes = || OsString::from_vec(vec![b'a', 0xff]);
    let load = |name: OsString| Settings::load(&path, [(name, bytes())]);
    assert_eq!(load("LANG".into()).unwrap(), Settings::for_region(us_east(), "/data"));
    let error = load("TOMBOLO__REGION__DATA_DIR".into()).unwrap_err();
    assert!(
        matches!(&error, SettingsError::NotUnicode { variable }
            if variable == "TOMBOLO__REGION__DATA_DIR"),
        "{error}"
    );
    let mut name = b"TOMBOLO__HTTP__WORKERS".to_vec();
    name.push(0xff);
    let error = load(OsString::from_vec(name)).unwrap_err();
    assert!(
        matches!(error, SettingsError::Unknown { nearest: Some("http.workers"), .. }),
        "{error}"
    );
}

#[test]
fn a_file_that_is_absent_is_named() {
    let path = PathBuf::from("/nonexistent/tombolo.toml");
    let error = Settings::load(&path, []).unwrap_err();
    assert!(matches!(&error, SettingsError::Unreadable { path: at, .. } if *at == path), "{error}");
}

#[test]
fn a_file_that_is_not_toml_is_refused_with_line_and_column() {
    let said = load("[http\n", &[]).unwrap_err().to_string();
    assert!(said.contains("is not TOML") && said.contains("line 4"), "{said}");
    let said = load("[http]\nworkers = 99999999999999999999\n", &[]).unwrap_err().to_string();
    assert!(said.contains("is not TOML") && said.contains("line 5"), "{said}");
    let error = load_bytes(b"\xff", &[]).unwrap_err();
    assert!(matches!(error, SettingsError::NotToml { .. }), "{error}");
}

#[test]
fn a_file_of_one_mebibyte_is_read_and_a_longer_one_is_not() {
    let mut file = REQUIRED.as_bytes().to_vec();
    file.push(b'#');
    file.resize(1 << 20, b'x');
    assert_eq!(load_bytes(&file, &[]).unwrap(), Settings::for_region(us_east(), "/data"));
    file.push(b'x');
    let error = load_bytes(&file, &[]).unwrap_err();
    assert!(matches!(error, SettingsError::TooLong { bytes_max: 0x10_0000, .. }), "{error}");
}

#[test]
fn hostile_files_are_refused_in_few_words() {
    let hostile = [
        "\"a[4000000000]\" = 1\n".to_owned(),
        "\"cluster.regions[4000000000]\" = 1\n".to_owned(),
        format!("[http]\n{} = 1\n", "x".repeat(1 << 19)),
        format!("[region]\nname = \"{}\"\ndata_dir = \"/\"\n", "x".repeat(1 << 19)),
        format!("a = {}", "[".repeat(1 << 19)),
        format!("a{} = 1", ".a".repeat(1 << 18)),
        "[log]\nlevel = \"\\u001b[2J\"\n".to_owned() + REQUIRED,
        "cluster = 1\n".to_owned(),
        "[[http]]\nworkers = 1\n".to_owned(),
    ];
    for file in hostile {
        let said = load_bytes(file.as_bytes(), &[]).unwrap_err().to_string();
        let start: String = file.chars().take(40).collect();
        assert!(said.chars().count() < 1_500, "{start}: {said}");
        assert!(!said.contains('\u{1b}'), "{start}: {said}");
    }
}
