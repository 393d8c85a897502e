@0xf0b36d81c5e94a10;
# The service manager: which services the devices around offer, by name.

using Bus = import "bus.capnp";

struct ServiceInfo {
  # Where a named service is.

  name @0 :Text;            # The name it was registered under.
  device @1 :Data;          # Device ID of the device that runs it, 32 bytes.
  channel @2 :UInt16;       # Logical channel ID to open.
  interfaceId @3 :UInt64;   # ID of the Cap'n Proto interface spoken there.
}

interface Samgr $Bus.channel(0x10) $Bus.level(0) {
  # The registry of services. Names are unique; what a device registered goes when the device goes.

  register @0 (name :Text, channel :UInt16, interfaceId :UInt64) -> ();
  # Publishes a service of the calling device as `name`.
  #
  # Fails with `alreadyRegistered` when another device holds the name, `badName` when it is empty, longer than 255 bytes
  # or has control characters, and `tooMany` when the registry or the caller's share of it is full.

  resolve @1 (name :Text) -> (service :ServiceInfo);
  # Finds a service by its exact name. Fails with `notFound`.

  unregister @2 (name :Text) -> ();
  # Withdraws `name`. Fails with `notFound` when nobody holds it and with `notOwner` when another device does.

  list @3 () -> (services :List(ServiceInfo));
  # Every service registered now, sorted by name.

  enum Error $Bus.errors {
    # Why the registry refused.

    notFound @0 $Bus.code(notFound);                     # No service of this name.
    alreadyRegistered @1 $Bus.code(alreadyExists);       # Another device holds the name.
    notOwner @2 $Bus.code(permissionDenied);             # The name belongs to another device.
    badName @3 $Bus.code(invalidArgument);               # Not a valid service name.
    tooMany @4 $Bus.code(resourceExhausted);             # No room for another registration.
  }
}
