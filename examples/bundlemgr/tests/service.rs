//! The bundle manager over a session in memory: real frames, real cryptography, real files.

#![allow(
    clippy::unwrap_used,
    reason = "a helper of tests fails by panicking, too"
)]

use std::{
    future::{Future as _, poll_fn},
    path::Path,
    pin::pin,
    task::Poll,
};

use bundlemgr::{BundleManagerClient, Bundles, Error, Limits};
use bytes::Bytes;
use dsoftbus::{
    Code, Node, Peer, Status, Trust,
    bulk::VmoHandle,
    store::{self, Digest},
    testing::{self, Pair},
};
use tempfile::TempDir;

/// A bundle manager, and a caller that is connected to it.
struct Fixture {
    bundles: Bundles,
    client: BundleManagerClient,
    pair: Pair,
    dir: TempDir,
}

impl Fixture {
    async fn new(limits: Limits) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let bundles = Bundles::open(dir.path(), limits).unwrap();
        let pair = testing::pair(node(&bundles)).await.unwrap();
        let client = pair.peer.open().await.unwrap();
        Self {
            bundles,
            client,
            pair,
            dir,
        }
    }

    async fn push(&self, payload: &'static [u8]) -> u64 {
        push(&self.pair.peer, payload).await
    }

    async fn install(&self, name: &str, payload: &'static [u8]) -> Result<(), Status> {
        let handle = self.push(payload).await;
        let installed = self.client.install(name, payload.len() as u64, handle);
        installed.await.map(drop)
    }

    async fn read(&self, name: &str) -> Vec<u8> {
        read(&self.pair.peer, &self.client, name).await
    }
}

fn node(bundles: &Bundles) -> dsoftbus::NodeBuilder {
    Node::builder()
        .allow(Trust::anyone())
        .store(bundles.clone())
        .serve(bundles.clone())
}

async fn push(peer: &Peer, payload: &'static [u8]) -> u64 {
    let handle = peer.push_bytes(Bytes::from_static(payload)).await.unwrap();
    handle.to_raw()
}

async fn read(peer: &Peer, client: &BundleManagerClient, name: &str) -> Vec<u8> {
    let offer = client.get_payload(name).await.unwrap();
    let handle = VmoHandle::from_raw(offer.vmo_handle);
    let pull = peer.pull(handle).await.unwrap();
    assert_eq!(pull.digest().as_bytes(), offer.digest.as_slice());
    assert_eq!(pull.len(), offer.bytes_len);
    pull.read_to_end(1 << 20).await.unwrap()
}

/// The service's own error that a call failed with.
fn why<T: std::fmt::Debug>(result: Result<T, Status>) -> Error {
    let status = result.unwrap_err();
    let error =
        Error::from_status(&status).unwrap_or_else(|| panic!("{status} is no domain error"));
    assert_eq!(status.code(), error.code());
    error
}

/// Every file under a directory that is not the bundle manager's own.
fn payloads(dir: &Path) -> Vec<std::path::PathBuf> {
    let mut found = Vec::new();
    let mut dirs = vec![dir.join("store/objects"), dir.join("store/tmp")];
    while let Some(dir) = dirs.pop() {
        for entry in std::fs::read_dir(dir).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { &mut dirs } else { &mut found }.push(path);
        }
    }
    found
}

#[tokio::test]
async fn what_was_pushed_and_installed_is_what_is_read_back() {
    let fixture = Fixture::new(Limits::default()).await;
    let payload: &[u8] = b"the bytes of a bundle";
    let handle = fixture.push(payload).await;
    let client = &fixture.client;
    let installed = client.install("clock", 21, handle).await.unwrap();
    assert_eq!(installed.name, "clock");
    assert_eq!(installed.bytes_len, 21);
    assert_eq!(installed.digest, Digest::of(payload).as_bytes());
    assert!(installed.installed_at > 1_700_000_000);
    assert_eq!(client.query("clock").await.unwrap(), installed);
    assert_eq!(client.list().await.unwrap(), [installed]);
    assert_eq!(fixture.read("clock").await, payload);
}

#[tokio::test]
async fn an_empty_payload_is_a_payload() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("nothing", b"").await.unwrap();
    assert_eq!(fixture.read("nothing").await, b"");
}

#[tokio::test]
async fn bundles_are_listed_by_name() {
    let fixture = Fixture::new(Limits::default()).await;
    for name in ["m", "z", "a"] {
        fixture.install(name, b"same").await.unwrap();
    }
    let list = fixture.client.list().await.unwrap();
    let names: Vec<_> = list.iter().map(|info| info.name.as_str()).collect();
    assert_eq!(names, ["a", "m", "z"]);
}

#[tokio::test]
async fn the_longest_list_still_fits_into_an_answer() {
    let dir = tempfile::tempdir().unwrap();
    // Written as the service would: installing this many one by one takes a sync of the disk each.
    let name = |number: usize| format!("{number:064}");
    {
        let store =
            store::ArtifactStore::open(dir.path().join("store"), Default::default()).unwrap();
        let mut upload = store.begin(Digest::of(b"x"), 1).unwrap();
        upload.write(b"x").unwrap();
        upload.commit().unwrap();
    }
    let record = [
        &[1][..],
        Digest::of(b"x").as_bytes(),
        &1_u64.to_le_bytes(),
        &[0; 40],
    ]
    .concat();
    write_index(
        &dir.path().join("index"),
        (0..bundlemgr::MAX_BUNDLES).map(name),
        &record,
    );
    let bundles = Bundles::open(dir.path(), Limits::default()).unwrap();
    let pair = testing::pair(node(&bundles)).await.unwrap();
    let client: BundleManagerClient = pair.peer.open().await.unwrap();
    let list = client.list().await.unwrap();
    assert_eq!(list.len(), bundlemgr::MAX_BUNDLES);
    assert_eq!(list[4_095].name, name(4_095));
    let handle = push(&pair.peer, b"y").await;
    assert_eq!(
        why(client.install("one.more", 1, handle).await),
        Error::NoSpace
    );
}

/// An index file. Format: the module `dsoftbus::index`.
fn write_index(path: &Path, names: impl Iterator<Item = String>, value: &[u8]) {
    let names: Vec<_> = names.collect();
    let mut bytes = b"dsbindex".to_vec();
    bytes.extend(1_u32.to_le_bytes());
    bytes.extend(u32::try_from(names.len()).unwrap().to_le_bytes());
    for name in names {
        bytes.extend(u16::try_from(name.len()).unwrap().to_le_bytes());
        bytes.extend(u16::try_from(value.len()).unwrap().to_le_bytes());
        bytes.extend(name.as_bytes());
        bytes.extend(value);
    }
    let check = Digest::of(&bytes);
    bytes.extend(check.as_bytes());
    std::fs::write(path, bytes).unwrap();
}

#[tokio::test]
async fn a_name_is_installed_once() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("clock", b"first").await.unwrap();
    let handle = fixture.push(b"second").await;
    let client = &fixture.client;
    assert_eq!(
        why(client.install("clock", 6, handle).await),
        Error::AlreadyInstalled
    );
    assert_eq!(fixture.read("clock").await, b"first");
    // The handle was not used up by the attempt.
    client.install("radio", 6, handle).await.unwrap();
}

#[tokio::test]
async fn two_installations_of_one_name_have_one_winner() {
    let fixture = Fixture::new(Limits::default()).await;
    let (first, second) = (fixture.push(b"first").await, fixture.push(b"other").await);
    let client = &fixture.client;
    let (first, second) = tokio::join!(
        client.install("clock", 5, first),
        client.install("clock", 5, second)
    );
    let loser = match (&first, &second) {
        (Ok(_), Err(_)) => second,
        _ => first,
    };
    assert_eq!(why(loser), Error::AlreadyInstalled);
    assert_eq!(client.list().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_handle_works_once() {
    let fixture = Fixture::new(Limits::default()).await;
    let handle = fixture.push(b"payload").await;
    let client = &fixture.client;
    client.install("clock", 7, handle).await.unwrap();
    assert_eq!(
        why(client.install("radio", 7, handle).await),
        Error::BadHandle
    );
    assert_eq!(why(client.query("radio").await), Error::NotFound);
}

#[tokio::test]
async fn a_handle_of_another_session_is_worth_nothing() {
    let fixture = Fixture::new(Limits::default()).await;
    let handle = fixture.push(b"payload").await;
    let stranger = Node::builder().start().await.unwrap();
    let other = testing::connect(&stranger, &fixture.pair.node)
        .await
        .unwrap();
    let client: BundleManagerClient = other.peer.open().await.unwrap();
    assert_eq!(
        why(client.install("clock", 7, handle).await),
        Error::BadHandle
    );
    // And it is not used up for its owner.
    fixture.client.install("clock", 7, handle).await.unwrap();
    // The same for a handle to read with.
    let offer = fixture.client.get_payload("clock").await.unwrap();
    let handle = VmoHandle::from_raw(offer.vmo_handle);
    assert_eq!(
        other.peer.pull(handle).await.unwrap_err().code(),
        Code::NotFound
    );
    fixture.pair.peer.pull(handle).await.unwrap();
}

#[tokio::test]
async fn a_payload_of_another_length_than_stated_is_refused() {
    let fixture = Fixture::new(Limits::default()).await;
    for len in [0, 6, 8, u64::MAX] {
        let handle = fixture.push(b"payload").await;
        let result = fixture.client.install("clock", len, handle).await;
        assert_eq!(why(result), Error::SizeMismatch);
    }
    assert_eq!(fixture.client.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_payload_with_a_wrong_digest_leaves_nothing() {
    let fixture = Fixture::new(Limits::default()).await;
    let payload = Bytes::from_static(b"payload");
    let pushed = fixture
        .pair
        .peer
        .push_digested(Digest::of(b"another"), payload);
    assert_eq!(pushed.await.unwrap_err().code(), Code::DataLoss);
    assert_eq!(fixture.bundles.usage().objects, 0);
    assert_eq!(fixture.bundles.usage().uploads, 0);
    assert_eq!(
        payloads(fixture.dir.path()),
        Vec::<std::path::PathBuf>::new()
    );
}

#[tokio::test]
async fn a_transfer_that_is_cut_leaves_nothing() {
    let fixture = Fixture::new(Limits::default()).await;
    let payload = Bytes::from(vec![7; 16 << 20]);
    let link = &fixture.pair.link;
    let mut push = pin!(fixture.pair.peer.push_bytes(payload));
    // Only this task feeds the wire, so what is sent when it looks is a part.
    poll_fn(|cx| {
        assert!(push.as_mut().poll(cx).is_pending());
        match link.sent().0 {
            0..0x10_0000 => Poll::Pending,
            _ => Poll::Ready(()),
        }
    })
    .await;
    link.cut();
    assert_eq!(push.await.unwrap_err().code(), Code::Unavailable);
    fixture.pair.seen.closed().await;
    while fixture.bundles.usage().uploads > 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(
        payloads(fixture.dir.path()),
        Vec::<std::path::PathBuf>::new()
    );
}

#[tokio::test]
async fn a_bad_name_is_refused_and_costs_no_handle() {
    let fixture = Fixture::new(Limits::default()).await;
    let handle = fixture.push(b"payload").await;
    let long = "x".repeat(65);
    for name in [
        "",
        ".",
        "..",
        "../../etc/passwd",
        "a/b",
        "A",
        "a.",
        "é",
        "a\0b",
        &long,
    ] {
        let result = fixture.client.install(name, 7, handle).await;
        assert_eq!(why(result), Error::BadName, "{name:?}");
    }
    fixture.client.install("x", 7, handle).await.unwrap();
}

#[tokio::test]
async fn what_is_not_installed_is_not_found() {
    let fixture = Fixture::new(Limits::default()).await;
    let client = &fixture.client;
    assert_eq!(why(client.query("clock").await), Error::NotFound);
    assert_eq!(why(client.get_payload("clock").await), Error::NotFound);
    assert_eq!(why(client.uninstall("clock").await), Error::NotFound);
    // Not a valid name either, but nothing can be installed under it.
    assert_eq!(why(client.query("../clock").await), Error::NotFound);
}

#[tokio::test]
async fn bundles_survive_a_restart() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("clock", b"ticks").await.unwrap();
    fixture.install("radio", b"plays").await.unwrap();
    fixture.install("light", b"shines").await.unwrap();
    fixture.client.uninstall("light").await.unwrap();
    let before = fixture.client.list().await.unwrap();
    let Fixture {
        bundles,
        client,
        pair,
        dir,
    } = fixture;
    pair.peer.close();
    pair.seen.closed().await;
    drop((bundles, client, pair));

    let bundles = open_when_free(dir.path()).await;
    let pair = testing::pair(node(&bundles)).await.unwrap();
    let client: BundleManagerClient = pair.peer.open().await.unwrap();
    assert_eq!(client.list().await.unwrap(), before);
    assert_eq!(read(&pair.peer, &client, "clock").await, b"ticks");
    assert_eq!(read(&pair.peer, &client, "radio").await, b"plays");
    assert_eq!(bundles.usage().objects, 2);
}

/// Opens the bundles once the last task of the old node has let go of them.
async fn open_when_free(dir: &Path) -> Bundles {
    let open = async {
        loop {
            match Bundles::open(dir, Limits::default()) {
                Ok(bundles) => return bundles,
                Err(bundlemgr::OpenError::Store(store::StoreError::InUse { .. })) => {
                    tokio::task::yield_now().await;
                }
                Err(error) => panic!("{error}"),
            }
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(10), open)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_payload_that_was_never_installed_is_gone_after_a_restart() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.push(b"never installed").await;
    assert_eq!(fixture.bundles.usage().objects, 1);
    let Fixture {
        bundles,
        client,
        pair,
        dir,
    } = fixture;
    pair.peer.close();
    pair.seen.closed().await;
    drop((bundles, client, pair));
    assert_eq!(open_when_free(dir.path()).await.usage().objects, 0);
}

#[tokio::test]
async fn a_payload_that_two_bundles_share_outlives_the_first() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("one", b"shared").await.unwrap();
    fixture.install("two", b"shared").await.unwrap();
    assert_eq!(fixture.bundles.usage().objects, 1);
    fixture.client.uninstall("one").await.unwrap();
    assert_eq!(fixture.read("two").await, b"shared");
    fixture.client.uninstall("two").await.unwrap();
    assert_eq!(why(fixture.client.query("two").await), Error::NotFound);
}

#[tokio::test]
async fn a_handle_outlives_the_bundle_it_was_issued_for() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("clock", b"ticks").await.unwrap();
    let offer = fixture.client.get_payload("clock").await.unwrap();
    fixture.client.uninstall("clock").await.unwrap();
    let handle = VmoHandle::from_raw(offer.vmo_handle);
    let pull = fixture.pair.peer.pull(handle).await.unwrap();
    assert_eq!(pull.read_to_end(100).await.unwrap(), b"ticks");
}

#[tokio::test]
async fn the_quota_of_a_device_bounds_what_it_installs_and_not_what_others_do() {
    let limits = Limits::default().device_bundles(2).device_bytes(10);
    let fixture = Fixture::new(limits).await;
    fixture.install("a", b"123456").await.unwrap();
    assert_eq!(why(fixture.install("b", b"12345").await), Error::NoSpace);
    fixture.install("b", b"1234").await.unwrap();
    assert_eq!(why(fixture.install("c", b"").await), Error::NoSpace);

    let other = Node::builder().start().await.unwrap();
    let other = testing::connect(&other, &fixture.pair.node).await.unwrap();
    let client: BundleManagerClient = other.peer.open().await.unwrap();
    let handle = push(&other.peer, b"1234567890").await;
    client.install("c", 10, handle).await.unwrap();
    // What is uninstalled is given back, whoever does it.
    client.uninstall("a").await.unwrap();
    fixture.install("d", b"654321").await.unwrap();
}

#[tokio::test]
async fn a_full_store_refuses_before_the_first_byte() {
    let room = store::Limits::default().max_bytes(100).max_object_bytes(60);
    let fixture = Fixture::new(Limits::default().store(room)).await;
    let peer = &fixture.pair.peer;
    let too_large = peer.push_bytes(Bytes::from(vec![0; 61])).await;
    assert_eq!(too_large.unwrap_err().code(), Code::ResourceExhausted);
    let handle = peer.push_bytes(Bytes::from(vec![1; 60])).await.unwrap();
    fixture
        .client
        .install("a", 60, handle.to_raw())
        .await
        .unwrap();
    let full = peer.push_bytes(Bytes::from(vec![2; 60])).await;
    assert_eq!(full.unwrap_err().code(), Code::ResourceExhausted);
    fixture.client.uninstall("a").await.unwrap();
}

#[tokio::test]
async fn a_payload_damaged_on_disk_is_not_installed() {
    let fixture = Fixture::new(Limits::default()).await;
    let handle = fixture.push(b"payload").await;
    let [file] = payloads(fixture.dir.path()).try_into().unwrap();
    std::fs::write(file, b"PAYLOAD").unwrap();
    let result = fixture.client.install("clock", 7, handle).await;
    assert_eq!(why(result), Error::DigestMismatch);
    assert_eq!(fixture.client.list().await.unwrap(), []);
}

#[tokio::test]
async fn a_bundle_whose_payload_is_lost_says_so_and_can_be_replaced() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("clock", b"payload").await.unwrap();
    let [file] = payloads(fixture.dir.path()).try_into().unwrap();
    std::fs::remove_file(file).unwrap();
    let offer = fixture.client.get_payload("clock").await.unwrap();
    let pull = fixture
        .pair
        .peer
        .pull(VmoHandle::from_raw(offer.vmo_handle))
        .await;
    assert!(pull.unwrap().read_to_end(100).await.is_err());
    // Found out now, and told before a transfer from here on.
    assert_eq!(
        why(fixture.client.get_payload("clock").await),
        Error::DigestMismatch
    );
    fixture.client.uninstall("clock").await.unwrap();
    fixture.install("clock", b"payload").await.unwrap();
    assert_eq!(fixture.read("clock").await, b"payload");
}

#[tokio::test]
async fn a_caller_in_the_same_process_reads_and_cannot_install() {
    let fixture = Fixture::new(Limits::default()).await;
    fixture.install("clock", b"ticks").await.unwrap();
    let local = BundleManagerClient::local(fixture.bundles.clone());
    assert_eq!(local.query("clock").await.unwrap().bytes_len, 5);
    assert_eq!(why(local.install("radio", 0, 0).await), Error::BadHandle);
    assert_eq!(why(local.get_payload("clock").await), Error::BadHandle);
    local.uninstall("clock").await.unwrap();
}

#[tokio::test]
async fn a_directory_with_something_else_in_it_is_refused() {
    let dir = tempfile::tempdir().unwrap();
    let first = Bundles::open(dir.path(), Limits::default()).unwrap();
    let second = Bundles::open(dir.path(), Limits::default()).unwrap_err();
    assert!(matches!(
        second,
        bundlemgr::OpenError::Store(store::StoreError::InUse { .. })
    ));
    drop(first);
    write_index(
        &dir.path().join("index"),
        ["../up".to_owned()].into_iter(),
        &[0; 81],
    );
    assert_eq!(
        Bundles::open(dir.path(), Limits::default()).unwrap_err(),
        bundlemgr::OpenError::Record {
            name: "../up".into()
        }
    );
}
