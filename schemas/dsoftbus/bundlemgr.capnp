@0xb94e27d0a6f3c811;
# The bundle manager: installs application bundles whose bytes travel on bulk channels.

using Bus = import "bus.capnp";

struct BundleInfo {
  # An installed bundle.

  name @0 :Text;            # The name it was installed under.
  bytesLen @1 :UInt64;      # Length of its payload in bytes.
  digest @2 :Data;          # BLAKE3 of its payload, 32 bytes.
  installedAt @3 :UInt64;   # When it was installed, in seconds since the Unix epoch.
}

interface BundleManager $Bus.channel(0x11) $Bus.level(0) {
  # Installs, describes and hands out bundles.
  #
  # Payloads never travel inside a call: they are pushed to, or pulled from, a bulk channel, and calls name them by a
  # VMO handle that is valid once, in the caller's session, for 60 seconds.

  install @0 (name :Text, bytesLen :UInt64, vmoHandle :UInt64) -> (info :BundleInfo);
  # Installs the payload behind `vmoHandle` as `name`.
  #
  # Fails with `alreadyInstalled`, `badName`, `badHandle`, `sizeMismatch` when the payload is not `bytesLen` long,
  # `digestMismatch` when the stored bytes are not those that were pushed, `noSpace` and `storage`.

  query @1 (name :Text) -> (info :BundleInfo);
  # Describes an installed bundle. Fails with `notFound`.

  list @2 () -> (bundles :List(BundleInfo));
  # Every installed bundle, sorted by name.

  getPayload @3 (name :Text) -> (vmoHandle :UInt64, bytesLen :UInt64, digest :Data);
  # Issues a handle to pull the payload of `name` with, its length, and its BLAKE3 digest. Fails with `notFound`.

  uninstall @4 (name :Text) -> ();
  # Removes `name`. Handles already issued keep working until they expire. Fails with `notFound`.

  enum Error $Bus.errors {
    # Why the bundle manager refused.

    notFound @0 $Bus.code(notFound);                     # No bundle of this name.
    alreadyInstalled @1 $Bus.code(alreadyExists);        # The name is taken; uninstall first.
    badName @2 $Bus.code(invalidArgument);               # Not a valid bundle name.
    sizeMismatch @3 $Bus.code(invalidArgument);          # The payload has another length than `bytesLen`.
    badHandle @4 $Bus.code(failedPrecondition);          # The handle is unknown, used, expired or another caller's.
    digestMismatch @5 $Bus.code(dataLoss);               # The stored bytes do not match their digest.
    noSpace @6 $Bus.code(resourceExhausted);             # The store or the caller's quota is full.
    storage @7 $Bus.code(internal);                      # The store failed.
  }
}
