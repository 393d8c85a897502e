//! How long payloads stay. The clock is tokio's, so two minutes pass at once.

use std::time::Duration;

use super::*;
use crate::hold::STAGED_FOR;

const OWNER: DeviceId = DeviceId::from_bytes([1; 32]);

fn shelf() -> (Shelf, tempfile::TempDir) {
    let dir = tempfile::tempdir().unwrap();
    let shelf = Shelf::open(dir.path(), Limits::default()).unwrap();
    (shelf, dir)
}

/// Pushes a payload, as a session would.
fn push(shelf: &Shelf, payload: &[u8]) -> Vmo {
    let digest = Digest::of(payload);
    let len = payload.len() as u64;
    let mut upload = shelf.begin(digest, len).unwrap();
    upload.write(payload).unwrap();
    upload.commit().unwrap();
    Vmo { digest, len }
}

fn install(shelf: &Shelf, name: &str, vmo: Vmo) {
    let len = vmo.len;
    shelf.install(name, len, OWNER, || Ok(vmo)).unwrap();
}

async fn wait(time: Duration) {
    tokio::time::advance(time).await;
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_nobody_installs_makes_room_after_two_minutes() {
    let (shelf, _dir) = shelf();
    let staged = push(&shelf, b"staged");
    wait(STAGED_FOR - Duration::from_secs(1)).await;
    push(&shelf, b"next");
    assert!(shelf.store.contains(&staged.digest));
    wait(Duration::from_secs(1)).await;
    push(&shelf, b"another");
    assert!(!shelf.store.contains(&staged.digest));
    assert_eq!(shelf.usage().objects, 2);
}

#[tokio::test(start_paused = true)]
async fn a_payload_that_two_bundles_share_goes_with_the_last_of_them() {
    let (shelf, _dir) = shelf();
    for name in ["one", "two"] {
        let vmo = push(&shelf, b"shared");
        install(&shelf, name, vmo);
    }
    wait(STAGED_FOR).await;
    shelf.uninstall("one").unwrap();
    assert_eq!(shelf.usage().objects, 1);
    shelf.uninstall("two").unwrap();
    assert_eq!(shelf.usage().objects, 0);
}

#[tokio::test(start_paused = true)]
async fn an_offered_payload_stays_until_the_offer_is_gone() {
    let (shelf, _dir) = shelf();
    let vmo = push(&shelf, b"offered");
    install(&shelf, "one", vmo);
    wait(STAGED_FOR).await;
    let offer = shelf.payload("one").unwrap();
    shelf.uninstall("one").unwrap();
    assert_eq!(shelf.usage().objects, 1);
    drop(offer);
    push(&shelf, b"next");
    assert_eq!(shelf.usage().objects, 1);
}

#[tokio::test(start_paused = true)]
async fn a_payload_pushed_again_while_its_bundle_goes_is_kept() {
    let (shelf, _dir) = shelf();
    let vmo = push(&shelf, b"payload");
    install(&shelf, "old", vmo.clone());
    wait(STAGED_FOR).await;
    let mut upload = shelf.begin(vmo.digest, vmo.len).unwrap();
    upload.write(b"payload").unwrap();
    shelf.uninstall("old").unwrap();
    upload.commit().unwrap();
    install(&shelf, "new", vmo);
    wait(STAGED_FOR).await;
    push(&shelf, b"next");
    assert_eq!(shelf.query("new").unwrap().bytes_len, 7);
    shelf.payload("new").unwrap().open().unwrap();
}

#[tokio::test]
async fn an_index_entry_of_another_version_is_named_and_nothing_is_removed() {
    let (shelf, dir) = shelf();
    let vmo = push(&shelf, b"payload");
    install(&shelf, "clock", vmo.clone());
    drop(shelf);
    let mut index = Index::open(dir.path().join("index")).unwrap();
    index.insert("newer", &[2; 99]).unwrap();
    drop(index);
    assert_eq!(
        Shelf::open(dir.path(), Limits::default()).unwrap_err(),
        OpenError::Record {
            name: "newer".into()
        }
    );
    let store = ArtifactStore::open(dir.path().join("store"), Limits::default().store).unwrap();
    assert!(store.contains(&vmo.digest));
}
