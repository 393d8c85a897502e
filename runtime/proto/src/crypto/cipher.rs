//! The AEAD as snow wants it.

use snow::types::Cipher;

use super::{Aead, Suite, TAG};

/// A cipher that may not have its key yet.
pub(super) struct NoiseCipher {
    suite: Suite,
    aead: Option<Aead>,
}

impl NoiseCipher {
    pub(super) const fn new(suite: Suite) -> Self {
        Self { suite, aead: None }
    }

    fn try_encrypt(
        &self,
        nonce: u64,
        authtext: &[u8],
        plaintext: &[u8],
        out: &mut [u8],
    ) -> Option<usize> {
        let (text, rest) = out.split_at_mut_checked(plaintext.len())?;
        let (tag, _) = rest.split_first_chunk_mut::<TAG>()?;
        text.copy_from_slice(plaintext);
        *tag = self.aead.as_ref()?.seal(nonce, authtext, text).ok()?;
        plaintext.len().checked_add(TAG)
    }
}

impl Cipher for NoiseCipher {
    fn name(&self) -> &'static str {
        match self.suite {
            Suite::AesGcm => "AESGCM",
            Suite::ChaChaPoly => "ChaChaPoly",
        }
    }

    fn set(&mut self, key: &[u8; 32]) {
        self.aead = Aead::new(self.suite, key).ok();
    }

    fn encrypt(&self, nonce: u64, authtext: &[u8], plaintext: &[u8], out: &mut [u8]) -> usize {
        // snow gives no way to fail here. It checks key, nonce and room before, so the branch is not taken; if it
        // were, zeros leave instead of plaintext and the peer refuses them.
        self.try_encrypt(nonce, authtext, plaintext, out)
            .unwrap_or_else(|| {
                out.fill(0);
                plaintext.len().saturating_add(TAG).min(out.len())
            })
    }

    fn decrypt(
        &self,
        nonce: u64,
        authtext: &[u8],
        ciphertext: &[u8],
        out: &mut [u8],
    ) -> Result<usize, snow::Error> {
        let aead = self.aead.as_ref().ok_or(snow::Error::Decrypt)?;
        let (text, tag) = ciphertext
            .split_last_chunk::<TAG>()
            .ok_or(snow::Error::Decrypt)?;
        let out = out.get_mut(..text.len()).ok_or(snow::Error::Decrypt)?;
        aead.open(nonce, authtext, text, tag, out)
            .map_err(|_| snow::Error::Decrypt)?;
        Ok(text.len())
    }

    fn rekey(&mut self) {
        if let Some(aead) = &mut self.aead
            && aead.rekey().is_err()
        {
            self.aead = None;
        }
    }
}
