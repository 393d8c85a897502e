use std::fs::{self, OpenOptions};
use std::io::{ErrorKind, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustix::io::Errno;
use tempfile::TempDir;

use super::*;
use crate::disk::faulty::{Fault, FaultyDisk};

/// More calls than any of the tests makes.
const MANY: usize = 1_000;

fn store_in(dir: &TempDir) -> ArtifactStore {
    ArtifactStore::open(dir.path().join("store"), Limits::default()).unwrap()
}

fn put(store: &ArtifactStore, payload: &[u8]) -> Result<Artifact, StoreError> {
    let mut upload = store.begin(Digest::of(payload), payload.len() as u64)?;
    for chunk in payload.chunks(7) {
        upload.write(chunk)?;
    }
    upload.commit()
}

fn content(artifact: &Artifact) -> Vec<u8> {
    let mut bytes = Vec::new();
    artifact.open().unwrap().read_to_end(&mut bytes).unwrap();
    bytes
}

fn object(dir: &TempDir, digest: &Digest) -> PathBuf {
    let name = digest.to_string();
    dir.path().join("store/objects").join(&name[..2]).join(name)
}

fn files_under(dir: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(dir).unwrap().map(Result::unwrap) {
        if entry.file_type().unwrap().is_dir() {
            found.extend(files_under(&entry.path()));
        } else {
            found.push(entry.path());
        }
    }
    found
}

/// What must hold whenever no upload is under way.
fn assert_sound(dir: &TempDir, store: &ArtifactStore) {
    let root = dir.path().join("store");
    let objects = files_under(&root.join("objects"));
    let bytes: u64 = objects
        .iter()
        .map(|path| path.metadata().unwrap().len())
        .sum();
    let usage = store.usage();
    assert_eq!(usage.bytes, bytes);
    assert_eq!(usage.objects, objects.len() as u64);
    assert_eq!((usage.reserved_bytes, usage.uploads), (0, 0));
    assert_eq!(files_under(&root.join("tmp")), [] as [PathBuf; 0]);
    for digest in store.digests() {
        assert_eq!(
            Digest::of(&content(&store.get(&digest).unwrap().unwrap())),
            digest
        );
    }
}

#[test]
fn an_artifact_reads_back_and_survives_reopening() {
    let dir = TempDir::new().unwrap();
    let payload = vec![7; 300_000];
    let digest = {
        let store = store_in(&dir);
        let artifact = put(&store, &payload).unwrap();
        assert_eq!(artifact.len(), 300_000);
        artifact.digest()
    };
    let store = store_in(&dir);
    assert!(store.contains(&digest));
    assert_eq!(content(&store.get(&digest).unwrap().unwrap()), payload);
    assert_eq!(
        store.get(&Digest::of(b"other")).unwrap().map(|a| a.len()),
        None
    );
    assert_sound(&dir, &store);
}

#[test]
fn an_empty_artifact_is_an_artifact() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let artifact = put(&store, b"").unwrap();
    assert_eq!(content(&artifact), b"");
    assert_eq!(store.usage().objects, 1);
    assert_sound(&dir, &store);
}

#[test]
fn files_are_for_the_owner_only() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let artifact = put(&store, b"secret").unwrap();
    let mode = |path: &Path| path.metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&object(&dir, &artifact.digest())), 0o600);
    assert_eq!(mode(&dir.path().join("store")), 0o700);
    assert_eq!(mode(&dir.path().join("store/objects")), 0o700);
}

#[test]
fn another_payload_than_announced_is_refused_and_invisible() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let (expected, actual) = (Digest::of(b"right"), Digest::of(b"wrong"));
    let mut upload = store.begin(expected, 5).unwrap();
    upload.write(b"wrong").unwrap();
    let mismatch = StoreError::DigestMismatch { expected, actual };
    assert_eq!(upload.commit().unwrap_err(), mismatch);
    assert!(!store.contains(&expected) && !store.contains(&actual));
    assert_sound(&dir, &store);
}

#[test]
fn a_short_upload_is_refused() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let mut upload = store.begin(Digest::of(b"abc"), 4).unwrap();
    upload.write(b"abc").unwrap();
    assert_eq!(upload.remaining(), 1);
    let short = StoreError::TooShort {
        announced: 4,
        received: 3,
    };
    assert_eq!(upload.commit().unwrap_err(), short);
    assert_sound(&dir, &store);
}

#[test]
fn a_long_upload_is_refused_before_its_excess_is_written() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let mut upload = store.begin(Digest::of(b"abc"), 3).unwrap();
    upload.write(b"ab").unwrap();
    assert_eq!(
        upload.write(b"cd"),
        Err(StoreError::TooLong { announced: 3 })
    );
    let temporary = files_under(&dir.path().join("store/tmp"));
    assert_eq!(temporary[0].metadata().unwrap().len(), 2);
    assert_eq!(upload.write(b"c"), Err(StoreError::UploadFailed));
    assert_eq!(upload.commit().unwrap_err(), StoreError::UploadFailed);
    assert_sound(&dir, &store);
}

#[test]
fn two_uploads_of_one_payload_at_once_make_one_object_and_both_succeed() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let payload = vec![1; 100_000];
    let artifacts: Vec<_> = std::thread::scope(|scope| {
        let upload = || put(&store, &payload).unwrap();
        let threads: Vec<_> = (0..8).map(|_| scope.spawn(upload)).collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for artifact in &artifacts {
        assert_eq!(content(artifact), payload);
    }
    assert_eq!(store.usage().objects, 1);
    assert_eq!(store.usage().bytes, 100_000);
    assert_sound(&dir, &store);
}

#[test]
fn an_upload_dropped_at_any_chunk_leaves_nothing() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    for chunks in 0..5 {
        let mut upload = store.begin(Digest::of(&[0; 50]), 50).unwrap();
        for _ in 0..chunks {
            upload.write(&[0; 10]).unwrap();
        }
        assert_eq!(store.usage().reserved_bytes, 50);
        drop(upload);
        assert_sound(&dir, &store);
    }
}

#[test]
fn quotas_are_checked_before_the_first_byte() {
    let dir = TempDir::new().unwrap();
    let limits = Limits::default()
        .max_bytes(10)
        .max_object_bytes(8)
        .max_objects(3)
        .max_uploads(2);
    let store = ArtifactStore::open(dir.path().join("store"), limits).unwrap();
    let over = |quota, limit| StoreError::OverQuota { quota, limit };
    let any = Digest::of(b"any");
    let begin = |len| store.begin(any, len);
    assert_eq!(
        begin(9).unwrap_err(),
        StoreError::TooLarge { len: 9, limit: 8 }
    );
    assert_eq!(
        begin(u64::MAX).unwrap_err(),
        StoreError::TooLarge {
            len: u64::MAX,
            limit: 8
        }
    );

    put(&store, b"sixsix").unwrap();
    // What is promised counts like what is there.
    let first = begin(3).unwrap();
    assert_eq!(begin(2).unwrap_err(), over(Quota::Bytes, 10));
    let second = begin(1).unwrap();
    assert_eq!(begin(0).unwrap_err(), over(Quota::Uploads, 2));
    drop(second);
    put(&store, b"x").unwrap();
    assert_eq!(begin(0).unwrap_err(), over(Quota::Objects, 3));
    drop(first);
    begin(3).unwrap().write(b"abc").unwrap();
    assert_sound(&dir, &store);
}

#[test]
fn removing_frees_the_quota_and_leaves_open_files_readable() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let artifact = put(&store, b"payload").unwrap();
    let mut file = artifact.open().unwrap();
    assert_eq!(store.remove(&artifact.digest()), Ok(true));
    assert_eq!(store.remove(&artifact.digest()), Ok(false));
    let mut text = String::new();
    file.read_to_string(&mut text).unwrap();
    assert_eq!(text, "payload");
    let digest = artifact.digest();
    assert_eq!(artifact.open().unwrap_err(), StoreError::Missing { digest });
    assert_eq!(store.usage(), Usage::default());
    put(&store, b"payload").unwrap();
    assert_eq!(content(&artifact), b"payload");
    assert_sound(&dir, &store);
}

#[test]
fn a_bit_flipped_anywhere_on_disk_is_found_quarantined_and_healed_by_an_upload() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let payload = b"sixteen bytes ok";
    for bit in 0..payload.len() * 8 {
        let artifact = put(&store, payload).unwrap();
        let digest = artifact.digest();
        let mut file = OpenOptions::new()
            .write(true)
            .open(object(&dir, &digest))
            .unwrap();
        file.seek(SeekFrom::Start(bit as u64 / 8)).unwrap();
        file.write_all(&[payload[bit / 8] ^ (1 << (bit % 8))])
            .unwrap();
        assert_eq!(artifact.open().unwrap_err(), StoreError::Damaged { digest });
        assert!(!store.contains(&digest));
        assert!(store.get(&digest).unwrap().is_none());
        assert!(
            dir.path()
                .join("store/quarantine")
                .join(digest.to_string())
                .exists()
        );
        assert_sound(&dir, &store);
    }
}

#[test]
fn an_upload_replaces_a_damaged_copy_that_nobody_noticed() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let artifact = put(&store, b"payload").unwrap();
    fs::write(object(&dir, &artifact.digest()), b"paYload").unwrap();
    put(&store, b"payload").unwrap();
    assert_eq!(content(&artifact), b"payload");
    assert_eq!(store.usage().objects, 1);
    assert_sound(&dir, &store);
}

#[test]
fn scrubbing_finds_every_damaged_artifact_and_keeps_a_bounded_number_of_them() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let mut bad = Vec::new();
    for n in 0..40_u8 {
        let digest = put(&store, &[n; 9]).unwrap().digest();
        if n % 2 == 0 {
            fs::write(
                object(&dir, &digest),
                if n % 4 == 0 { &[99; 9][..] } else { b"cut" },
            )
            .unwrap();
            bad.push(digest);
        }
    }
    bad.sort();
    assert_eq!(store.scrub().unwrap(), bad);
    assert_eq!(store.usage().objects, 20);
    assert_eq!(files_under(&dir.path().join("store/quarantine")).len(), 16);
    assert_eq!(store.scrub().unwrap(), []);
    assert_sound(&dir, &store);
}

#[test]
fn a_symlink_in_place_of_an_artifact_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let outside = dir.path().join("outside");
    fs::write(&outside, b"payload").unwrap();
    let digest = Digest::of(b"payload");
    {
        let store = store_in(&dir);
        let artifact = put(&store, b"payload").unwrap();
        fs::remove_file(object(&dir, &digest)).unwrap();
        symlink(&outside, object(&dir, &digest)).unwrap();
        assert_eq!(
            artifact.open_unverified().unwrap_err(),
            StoreError::Damaged { digest }
        );
        symlink(&outside, object(&dir, &digest)).unwrap();
    }
    let store = store_in(&dir);
    assert!(!store.contains(&digest), "a link is not counted");
    put(&store, b"payload").unwrap();
    assert!(object(&dir, &digest).symlink_metadata().unwrap().is_file());
    assert_eq!(fs::read(outside).unwrap(), b"payload");
    assert_sound(&dir, &store);
}

#[test]
fn a_symlink_in_place_of_a_directory_is_not_followed() {
    let dir = TempDir::new().unwrap();
    let outside = dir.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let digest = Digest::of(b"payload");
    let not_a_directory = |error| {
        matches!(
            error,
            StoreError::Io {
                kind: ErrorKind::NotADirectory,
                ..
            }
        )
    };
    {
        let store = store_in(&dir);
        symlink(&outside, object(&dir, &digest).parent().unwrap()).unwrap();
        assert!(not_a_directory(put(&store, b"payload").unwrap_err()));
    }
    fs::remove_dir(dir.path().join("store/tmp")).unwrap();
    symlink(&outside, dir.path().join("store/tmp")).unwrap();
    fs::write(outside.join("precious"), b"").unwrap();
    let opened = ArtifactStore::open(dir.path().join("store"), Limits::default());
    assert!(not_a_directory(opened.unwrap_err()));
    assert!(outside.join("precious").exists());
}

#[test]
fn a_directory_that_holds_something_else_is_left_alone() {
    let dir = TempDir::new().unwrap();
    fs::create_dir(dir.path().join("tmp")).unwrap();
    fs::write(dir.path().join("tmp/precious"), b"").unwrap();
    let path = fs::canonicalize(dir.path()).unwrap();
    let refused = StoreError::NotAStore { path };
    let open = || ArtifactStore::open(dir.path(), Limits::default()).unwrap_err();
    assert_eq!(open(), refused);
    fs::write(dir.path().join("dsoftbus-store"), b"version 9\n").unwrap();
    assert_eq!(open(), refused);
    assert!(dir.path().join("tmp/precious").exists());
}

#[test]
fn a_store_is_open_once() {
    let dir = TempDir::new().unwrap();
    let store = store_in(&dir);
    let path = fs::canonicalize(dir.path().join("store")).unwrap();
    let again = ArtifactStore::open(&path, Limits::default());
    assert_eq!(again.unwrap_err(), StoreError::InUse { path });
    drop(store);
    store_in(&dir);
}

#[test]
fn many_tiny_artifacts_are_counted_right() {
    let dir = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::sound());
    let root = dir.path().join("store");
    let store = ArtifactStore::open_on(disk, &root, Limits::default()).unwrap();
    for n in 0..2_000_u32 {
        put(&store, &n.to_le_bytes()).unwrap();
    }
    let before = store.usage();
    assert_eq!((before.objects, before.bytes), (2_000, 8_000));
    drop(store);
    assert_eq!(store_in(&dir).usage(), before);
}

#[test]
fn a_nearly_full_disk_refuses_uploads_and_keeps_serving() {
    let dir = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::sound());
    let limits = Limits::default().keep_free_bytes(1_000);
    let store = ArtifactStore::open_on(disk.clone(), &dir.path().join("store"), limits).unwrap();
    let artifact = put(&store, b"payload").unwrap();
    disk.set_free_bytes(1_009);
    let upload = store.begin(Digest::of(b"sevenby"), 7).unwrap();
    assert_eq!(
        store.begin(Digest::of(b"abc"), 3).unwrap_err(),
        StoreError::DiskFull
    );
    drop(upload);
    put(&store, b"abc").unwrap();
    assert_eq!(content(&artifact), b"payload");
    assert_sound(&dir, &store);
}

#[test]
fn short_writes_lose_nothing() {
    let dir = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::sound().with_short_writes(2));
    let limits = Limits::default();
    let store = ArtifactStore::open_on(disk, &dir.path().join("store"), limits).unwrap();
    let artifact = put(&store, b"a payload of some length").unwrap();
    assert_eq!(content(&artifact), b"a payload of some length");
}

/// The life of a store in which call `nth` meets `fault`: one artifact that is acknowledged before, one that is
/// uploaded while it happens, the first one once more. Returns whether the call was reached.
fn live_through(fault: Fault, nth: usize, power_cut: bool) -> bool {
    let dir = TempDir::new().unwrap();
    let root = dir.path().join("store");
    let disk = Arc::new(FaultyDisk::sound());
    let store = ArtifactStore::open_on(disk.clone(), &root, Limits::default()).unwrap();
    let old = put(&store, b"acknowledged").unwrap();
    disk.fail(nth, fault);
    let new = put(&store, b"a new payload of three chunks");
    let again = put(&store, b"acknowledged");

    // Reads go on whatever happens.
    assert_eq!(content(&old), b"acknowledged");
    if let Ok(new) = &new {
        assert_eq!(content(new), b"a new payload of three chunks");
    }
    if let Err(error) = new.as_ref().and(again.as_ref()) {
        let expected = match fault {
            Fault::Once(Errno::NOSPC) | Fault::Always(Errno::NOSPC) => {
                matches!(error, StoreError::DiskFull)
            }
            _ => matches!(
                error,
                StoreError::Io {
                    os_code: Some(_),
                    ..
                }
            ),
        };
        assert!(expected, "{error:?}");
    }
    let usage = store.usage();
    let objects = files_under(&root.join("objects"));
    assert_eq!(usage.objects, objects.len() as u64);
    assert_eq!(usage.uploads, 0);
    if matches!(fault, Fault::Once(_)) && disk.failed_in() != Some("remove") {
        assert_sound(&dir, &store);
    }
    let acknowledged = [Some(&old), new.as_ref().ok()];
    let acknowledged: Vec<_> = acknowledged
        .into_iter()
        .flatten()
        .map(Artifact::digest)
        .collect();
    drop((store, old, new, again));
    if power_cut {
        disk.cut_power();
    }

    let store = store_in(&dir);
    assert_sound(&dir, &store);
    for digest in acknowledged {
        assert!(store.contains(&digest), "an acknowledged artifact was lost");
    }
    put(&store, b"a new payload of three chunks").unwrap();
    disk.failed_in().is_some()
}

fn live_through_every(fault: Fault) {
    for power_cut in [false, true] {
        let reached = (0..MANY)
            .take_while(|nth| live_through(fault, *nth, power_cut))
            .count();
        assert!((15..MANY).contains(&reached), "{reached} calls");
    }
}

#[test]
fn a_full_disk_at_any_call_loses_nothing_acknowledged() {
    live_through_every(Fault::Once(Errno::NOSPC));
}

#[test]
fn an_input_output_error_at_any_call_loses_nothing_acknowledged() {
    live_through_every(Fault::Once(Errno::IO));
}

#[test]
fn a_disk_that_turns_read_only_at_any_call_loses_nothing_acknowledged() {
    live_through_every(Fault::Always(Errno::ROFS));
}

#[test]
fn a_failed_sync_is_not_tried_again() {
    let dir = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::sound());
    let limits = Limits::default();
    let store = ArtifactStore::open_on(disk.clone(), &dir.path().join("store"), limits).unwrap();
    let mut upload = store.begin(Digest::of(b"abc"), 3).unwrap();
    upload.write(b"abc").unwrap();
    disk.fail(0, Fault::Once(Errno::IO));
    let failed = upload.commit().unwrap_err();
    assert_eq!(disk.failed_in(), Some("sync"));
    let expected = StoreError::Io {
        action: "sync an artifact",
        kind: std::io::Error::from(Errno::IO).kind(),
        os_code: Some(Errno::IO.raw_os_error()),
    };
    assert_eq!(failed, expected);
    assert_sound(&dir, &store);
    assert_eq!(store.usage(), Usage::default());
}

#[test]
fn a_crash_while_the_store_is_created_is_recovered_from() {
    for nth in 0..MANY {
        let dir = TempDir::new().unwrap();
        let root = dir.path().join("store");
        let disk =
            Arc::new(FaultyDisk::failing(nth, Fault::Always(Errno::IO)).with_short_writes(5));
        let opened = ArtifactStore::open_on(disk.clone(), &root, Limits::default());
        let done = opened.is_ok();
        drop(opened);
        let store = store_in(&dir);
        put(&store, b"payload").unwrap();
        assert_sound(&dir, &store);
        if done {
            assert!(nth > 5);
            return;
        }
    }
    panic!("the store was never created");
}

#[test]
fn what_a_crash_left_in_tmp_is_deleted() {
    let dir = TempDir::new().unwrap();
    drop(store_in(&dir));
    let tmp = dir.path().join("store/tmp");
    fs::write(tmp.join("0123"), b"half").unwrap();
    fs::create_dir(tmp.join("odd")).unwrap();
    symlink("/", tmp.join("link")).unwrap();
    let store = store_in(&dir);
    assert_eq!(fs::read_dir(tmp).unwrap().count(), 0);
    assert_sound(&dir, &store);
}

#[test]
fn removing_while_uploading_and_reading_never_shows_half_an_artifact() {
    let dir = TempDir::new().unwrap();
    let disk = Arc::new(FaultyDisk::sound());
    let root = dir.path().join("store");
    let store = ArtifactStore::open_on(disk, &root, Limits::default()).unwrap();
    let payload = vec![3; 5_000];
    let digest = Digest::of(&payload);
    std::thread::scope(|scope| {
        scope.spawn(|| (0..50).for_each(|_| drop(put(&store, &payload).unwrap())));
        scope.spawn(|| (0..200).for_each(|_| assert!(store.remove(&digest).is_ok())));
        scope.spawn(|| {
            for _ in 0..200 {
                if let Some(artifact) = store.get(&digest).unwrap() {
                    match artifact.open() {
                        Ok(_) => {}
                        Err(error) => assert_eq!(error, StoreError::Missing { digest }),
                    }
                }
            }
        });
    });
    assert_sound(&dir, &store);
}
