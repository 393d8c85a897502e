use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt as _, symlink};

use rustix::io::Errno;
use tempfile::TempDir;

use super::*;
use crate::disk::faulty::{Fault, FaultyDisk};

fn seeded(byte: u8) -> impl FnOnce(&mut [u8; 32]) -> io::Result<()> {
    move |seed| {
        seed.fill(byte);
        Ok(())
    }
}

fn unused(_: &mut [u8; 32]) -> io::Result<()> {
    panic!("a new key is made though there is one")
}

fn files(dir: &TempDir) -> usize {
    fs::read_dir(dir.path()).unwrap().count()
}

#[test]
fn a_key_is_made_once_and_read_ever_after() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    let made = KeyFile::load_or_create(&path, seeded(7)).unwrap();
    assert_eq!(
        (made.seed().as_slice(), made.epoch()),
        ([7; 32].as_slice(), 0)
    );
    assert_eq!(KeyFile::load_or_create(&path, unused), Ok(made.clone()));
    assert_eq!(KeyFile::load(&path), Ok(made));
    assert_eq!(fs::metadata(&path).unwrap().mode() & 0o7777, 0o600);
    assert_eq!(files(&dir), 1);
}

#[test]
fn the_format_is_fixed() {
    let key = KeyFile {
        seed: Zeroizing::new([0xab; 32]),
        epoch: u32::MAX,
    };
    let text = String::from_utf8(key.encode().to_vec()).unwrap();
    let seed = "ab".repeat(32);
    let above = format!("dsoftbus key v1\nseed {seed}\nepoch 4294967295\n");
    assert_eq!(text, format!("{above}check {}\n", check(above.as_bytes())));
    assert!(text.len() < MAX_FILE);
    assert_eq!(KeyFile::decode(text.as_bytes()), Ok(key));
}

#[test]
fn racing_creators_agree_on_one_key() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    let keys: Vec<_> = std::thread::scope(|scope| {
        let path = &path;
        let create = |n| move || KeyFile::load_or_create(path, seeded(n)).unwrap();
        let threads: Vec<_> = (1..=8).map(|n| scope.spawn(create(n))).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    assert!(keys.iter().all(|key| *key == keys[0]));
    assert_eq!(files(&dir), 1);
}

#[test]
fn the_loser_of_a_race_returns_the_winners_key() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    let winner = || KeyFile::load_or_create(&path, seeded(1)).unwrap();
    let loser = KeyFile::load_or_create(&path, |seed| {
        winner();
        seeded(2)(seed)
    });
    assert_eq!(loser, Ok(winner()));
    assert_eq!(files(&dir), 1);
}

#[test]
fn a_file_open_to_others_is_refused_and_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    KeyFile::load_or_create(&path, seeded(7)).unwrap();
    for mode in [0o640, 0o604, 0o620, 0o601, 0o666] {
        fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        let error = KeyFile::load_or_create(&path, unused).unwrap_err();
        assert_eq!(
            error,
            KeyFileError::Exposed {
                path: path.clone(),
                mode
            }
        );
        assert!(error.to_string().contains(&format!("mode {mode:04o}")));
    }
    fs::set_permissions(&path, Permissions::from_mode(0o400)).unwrap();
    KeyFile::load(&path).unwrap();
}

#[test]
fn a_file_cut_or_changed_anywhere_is_refused_and_left_as_it_is() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    KeyFile::load_or_create(&path, seeded(7)).unwrap();
    let whole = fs::read(&path).unwrap();
    let refused = |bytes: &[u8]| {
        fs::write(&path, bytes).unwrap();
        let error = KeyFile::load_or_create(&path, unused).unwrap_err();
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let KeyFileError::Damaged { path: named, fault } = error else {
            panic!("{error:?}")
        };
        assert_eq!(named, path);
        fault
    };
    for len in 0..whole.len() {
        let expected = if len < 16 {
            KeyFault::NotAKey
        } else {
            KeyFault::CutShort
        };
        assert_eq!(refused(&whole[..len]), expected, "cut to {len}");
    }
    for bit in 0..whole.len() * 8 {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        refused(&bytes);
    }
    assert_eq!(refused(b"dsoftbus key v2\n"), KeyFault::Version);
    assert_eq!(refused(&[&whole[..], b"\n"].concat()), KeyFault::Malformed);
    assert_eq!(refused(&vec![b'x'; 1 << 20]), KeyFault::NotAKey);
}

#[test]
fn nothing_printed_shows_the_secret() {
    let key = KeyFile {
        seed: Zeroizing::new([0xab; 32]),
        epoch: 3,
    };
    assert_eq!(
        format!("{key:?}"),
        r#"KeyFile { seed: "[redacted]", epoch: 3 }"#
    );
    let path = PathBuf::from("my.key");
    let error = KeyFileError::Damaged {
        path,
        fault: KeyFault::Checksum,
    };
    assert_eq!(
        error.to_string(),
        "key file my.key is unreadable: its checksum is wrong; \
         restore it from a backup, or move it away to get a new identity"
    );
}

#[test]
fn a_source_without_randomness_makes_no_key() {
    let dir = TempDir::new().unwrap();
    let path = dir.path().join("key");
    let kind = io::ErrorKind::InvalidData;
    let zeros = KeyFile::load_or_create(&path, |_| Ok(()));
    assert_eq!(zeros, Err(KeyFileError::Random { kind }));
    let kind = io::ErrorKind::Unsupported;
    let failed = KeyFile::load_or_create(&path, |_| Err(kind.into()));
    assert_eq!(failed, Err(KeyFileError::Random { kind }));
    assert_eq!(files(&dir), 0);
}

#[test]
fn a_link_to_a_key_is_followed_and_a_link_to_nothing_is_not() {
    let dir = TempDir::new().unwrap();
    let (path, real) = (dir.path().join("link"), dir.path().join("real"));
    symlink(&real, &path).unwrap();
    let dangling = KeyFile::load_or_create(&path, seeded(1)).unwrap_err();
    assert!(
        matches!(
            dangling,
            KeyFileError::Io {
                action: "follow",
                ..
            }
        ),
        "{dangling:?}"
    );
    assert!(!real.exists());
    let key = KeyFile::load_or_create(&real, seeded(2)).unwrap();
    assert_eq!(KeyFile::load_or_create(&path, unused), Ok(key));
}

#[test]
fn a_directory_and_an_absent_directory_are_named_errors() {
    let dir = TempDir::new().unwrap();
    let error = KeyFile::load_or_create(dir.path(), unused).unwrap_err();
    let path = dir.path().to_owned();
    assert_eq!(
        error,
        KeyFileError::Damaged {
            path,
            fault: KeyFault::NotAFile
        }
    );
    let error = KeyFile::load_or_create(dir.path().join("no/key"), seeded(1)).unwrap_err();
    assert!(
        matches!(
            error,
            KeyFileError::Io {
                action: "create",
                ..
            }
        ),
        "{error:?}"
    );
}

#[test]
fn a_fault_at_any_call_leaves_the_whole_key_or_none() {
    for fault in [
        Fault::Once(Errno::NOSPC),
        Fault::Once(Errno::IO),
        Fault::Always(Errno::IO),
    ] {
        for power_cut in [false, true] {
            for nth in 0.. {
                let dir = TempDir::new().unwrap();
                let path = dir.path().join("key");
                let disk = FaultyDisk::failing(nth, fault).with_short_writes(50);
                let made = KeyFile::load_or_create_on(&disk, &path, seeded(1));
                if power_cut {
                    disk.cut_power();
                }
                let found = KeyFile::load_or_create(&path, seeded(2)).unwrap();
                if let Ok(made) = made {
                    assert_eq!(made, found, "a key in use was lost");
                }
                if disk.failed_in().is_none() {
                    assert!(nth > 5);
                    break;
                }
            }
        }
    }
}
