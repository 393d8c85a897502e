//! What a byte of bulk costs besides the socket: sealing it, hashing it. One CPU does nothing else, in memory that stays in its caches.

use std::{future::pending, hint::black_box};

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use dsoftbus_bench::{Options, Result, Scenario, Snapshot, report_bulk};

use super::{listen, not_measured};

/// Bytes that are worked on at once, as many as a record of ours takes.
const PIECE: usize = 65_504;

/// Waits until the process is killed: nothing is sent.
pub(super) async fn serve(options: &Options) -> Result<()> {
    let _listener = listen(options).await?;
    pending().await
}

/// Measures sealing and prints.
pub(super) fn seal(options: &Options) -> Result<()> {
    let key = UnboundKey::new(&AES_256_GCM, &[7; 32]).map_err(|_| "no key")?;
    let key = LessSafeKey::new(key);
    let mut record = vec![0; PIECE];
    measure(options, |counter, length| {
        let mut nonce = [0; NONCE_LEN];
        nonce[4..].copy_from_slice(&counter.to_be_bytes());
        let nonce = Nonce::assume_unique_for_key(nonce);
        key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut record[..length])
            .map(drop)
            .map_err(|_| "not sealed".into())
    })
}

/// Measures hashing and prints.
pub(super) fn hash(options: &Options) -> Result<()> {
    let piece = vec![7; PIECE];
    let mut hasher = blake3::Hasher::new();
    measure(options, |_, length| {
        hasher.update(&piece[..length]);
        Ok(())
    })?;
    black_box(hasher.finalize());
    Ok(())
}

/// Works on as many bytes as the payload has.
fn measure(options: &Options, mut work: impl FnMut(u64, usize) -> Result<()>) -> Result<()> {
    if options.scenario != Scenario::Bulk {
        return not_measured(options);
    }
    let first = Snapshot::take(options)?;
    let (mut left, mut counter) = (options.bytes, 0);
    while left > 0 {
        let length = usize::try_from(left).map_or(PIECE, |left| left.min(PIECE));
        work(counter, length)?;
        counter += 1;
        left -= length as u64;
    }
    let last = Snapshot::take(options)?;
    report_bulk(options, &first, &last);
    Ok(())
}
