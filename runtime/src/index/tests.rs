use std::fs;
use std::os::unix::fs::symlink;

use rustix::io::Errno;
use tempfile::TempDir;

use super::*;
use crate::disk::faulty::{Fault as DiskFault, FaultyDisk};

fn entries(index: &Index) -> Vec<(String, Vec<u8>)> {
    let owned = |(name, value): (&str, &[u8])| (name.into(), value.into());
    index.iter().map(owned).collect()
}

fn sample(path: &Path) {
    let mut index = Index::open(path).unwrap();
    assert_eq!(index.insert("camera", b"one"), Ok(None));
    assert_eq!(index.insert("radio", b""), Ok(None));
    assert_eq!(index.insert("camera", b"two"), Ok(Some(b"one".to_vec())));
}

fn fault_of(path: &Path) -> Fault {
    match Index::open(path).unwrap_err() {
        IndexError::Damaged { path: named, fault } => {
            assert_eq!(named, path);
            fault
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn entries_read_back_after_reopening() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("index");
    sample(&path);
    let mut index = Index::open(&path).unwrap();
    assert_eq!(index.find("camera"), Some(b"two".as_slice()));
    assert_eq!(index.find("radio"), Some(b"".as_slice()));
    assert_eq!(index.find("tv"), None);
    assert_eq!(index.remove("radio"), Ok(Some(Vec::new())));
    assert_eq!(index.remove("radio"), Ok(None));
    drop(index);
    assert_eq!(
        entries(&Index::open(&path).unwrap()),
        [("camera".to_owned(), b"two".to_vec())]
    );
}

#[test]
fn an_absent_file_is_an_empty_index() {
    let dir = TempDir::new().unwrap();
    assert!(Index::open(dir.path().join("index")).unwrap().is_empty());
}

#[test]
fn a_file_cut_anywhere_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("index");
    sample(&path);
    let whole = fs::read(&path).unwrap();
    for len in 0..whole.len() {
        fs::write(&path, &whole[..len]).unwrap();
        let expected = [Fault::TooShort, Fault::Checksum];
        assert!(expected.contains(&fault_of(&path)), "cut to {len}");
    }
}

#[test]
fn a_bit_flipped_anywhere_is_refused() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("index");
    sample(&path);
    let whole = fs::read(&path).unwrap();
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        fs::write(&path, bytes).unwrap();
        let expected = if bit < 64 {
            Fault::NotAnIndex
        } else {
            Fault::Checksum
        };
        assert_eq!(fault_of(&path), expected, "bit {bit}");
    }
    fs::write(&path, [&whole[..], b"x"].concat()).unwrap();
    assert_eq!(fault_of(&path), Fault::Checksum);
}

#[test]
fn a_refused_index_says_which_file_and_what_to_do() {
    let error = IndexError::Damaged {
        path: "names.index".into(),
        fault: Fault::Checksum,
    };
    assert_eq!(
        error.to_string(),
        "index names.index is unreadable: its checksum is wrong; \
         restore it from a backup, or move it away to start with an empty one"
    );
}

/// A file with a right checksum.
fn sealed(version: u32, count: u32, body: &[u8]) -> Vec<u8> {
    let mut bytes = [
        MAGIC,
        &version.to_le_bytes()[..],
        &count.to_le_bytes(),
        body,
    ]
    .concat();
    let check = blake3::hash(&bytes);
    bytes.extend_from_slice(check.as_bytes());
    bytes
}

#[test]
fn malformed_entries_under_a_right_checksum_are_refused() {
    let (a, b) = (b"\x01\0\x01\0aA".as_slice(), b"\x01\0\x01\0bB".as_slice());
    let ok = decode(&sealed(1, 2, &[a, b].concat())).unwrap();
    assert_eq!(ok.len(), 2);
    for (count, body) in [
        (2, [b, a].concat()),
        (2, [a, a].concat()),
        (1, [a, b].concat()),
        (3, [a, b].concat()),
        (u32::MAX, [a, b].concat()),
        (1, b"\0\0\x01\0A".to_vec()),
        (1, b"\x01\0\x01\0\xffA".to_vec()),
        (1, b"\xff\xff\xff\xffabc".to_vec()),
        (1, [&[255, 0, 1, 4][..], &[b'a'; 255 + 1_025]].concat()),
    ] {
        assert_eq!(
            decode(&sealed(1, count, &body)),
            Err(Fault::Malformed),
            "{body:?}"
        );
    }
    assert_eq!(
        decode(&sealed(2, 0, b"")),
        Err(Fault::Version { version: 2 })
    );
}

#[test]
fn names_and_values_have_limits() {
    let dir = TempDir::new().unwrap();
    let mut index = Index::open(dir.path().join("index")).unwrap();
    let name = "n".repeat(MAX_NAME);
    index.insert(&name, &[0; MAX_VALUE]).unwrap();
    assert_eq!(
        index.insert("", b""),
        Err(IndexError::NameLength { len: 0 })
    );
    assert_eq!(
        index.insert(&(name + "n"), b""),
        Err(IndexError::NameLength { len: MAX_NAME + 1 })
    );
    assert_eq!(
        index.insert("n", &[0; MAX_VALUE + 1]),
        Err(IndexError::ValueTooLong { len: MAX_VALUE + 1 })
    );
    assert_eq!(index.len(), 1);
}

#[test]
fn a_full_index_still_takes_changes_of_its_names() {
    let dir = TempDir::new().unwrap();
    let mut index = Index::open(dir.path().join("index")).unwrap();
    index.entries = (0..MAX_ENTRIES)
        .map(|n| (format!("{n:0255}"), vec![0; MAX_VALUE]))
        .collect();
    assert_eq!(index.insert("one more", b""), Err(IndexError::Full));
    index
        .insert(&format!("{:0255}", 0), &[1; MAX_VALUE])
        .unwrap();
    let path = index.path.clone();
    drop(index);
    assert_eq!(Index::open(path).unwrap().len(), MAX_ENTRIES);
}

#[test]
fn an_index_is_open_once() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("index");
    let index = Index::open(&path).unwrap();
    assert_eq!(
        Index::open(&path).unwrap_err(),
        IndexError::InUse { path: path.clone() }
    );
    drop(index);
    Index::open(&path).unwrap();
}

#[test]
fn a_symlink_in_place_of_the_index_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let (path, outside) = (dir.path().join("index"), dir.path().join("outside"));
    sample(&outside);
    symlink(&outside, &path).unwrap();
    let error = Index::open(&path).unwrap_err();
    assert!(
        matches!(error, IndexError::Io { action: "read", .. }),
        "{error:?}"
    );
}

#[test]
fn a_fault_at_any_call_leaves_the_table_of_before_or_after() {
    for fault in [
        DiskFault::Once(Errno::NOSPC),
        DiskFault::Once(Errno::IO),
        DiskFault::Always(Errno::ROFS),
    ] {
        for power_cut in [false, true] {
            for nth in 0.. {
                let dir = TempDir::new().unwrap();
                let path = dir.path().join("index");
                sample(&path);
                let disk = Arc::new(FaultyDisk::sound().with_short_writes(20));
                let mut index = Index::open_on(disk.clone(), path.clone()).unwrap();
                let before = entries(&index);
                disk.fail(nth, fault);
                let changed = index.insert("camera", b"three");
                let mut after = before.clone();
                after[0].1 = b"three".to_vec();
                assert_eq!(
                    entries(&index),
                    if changed.is_ok() { &*after } else { &*before }
                );
                drop(index);
                if power_cut {
                    disk.cut_power();
                }
                let found = entries(&Index::open(&path).unwrap());
                assert!(
                    found == after || changed.is_err() && found == before,
                    "{nth}"
                );
                assert!(!beside(&path, ".new").exists());
                if disk.failed_in().is_none() {
                    assert!(nth > 5);
                    break;
                }
            }
        }
    }
}
