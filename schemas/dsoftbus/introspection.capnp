@0xa86f3d12c05e97b4;
# What a device serves: for tools, and for callers that have no schema.

using Bus = import "bus.capnp";

struct ServiceStatus {
  # A service of the device.

  name @0 :Text;            # Name of the interface in its schema.
  channel @1 :UInt16;       # Logical channel ID to open.
  interfaceId @2 :UInt64;   # ID of the Cap'n Proto interface.
  level @3 :UInt8;          # Level of Cap'n Proto RPC that it needs: 0 data only, 1 capabilities.
  health @4 :Health;        # Whether it does its work.
}

enum Health {
  # Whether a service does its work.

  unknown @0;               # It does not say.
  serving @1;               # It does.
  notServing @2;            # It is there and cannot do its work now.
}

interface Introspection $Bus.channel(1) $Bus.level(0) {
  # Served by every node. Callers see the services that they may call.

  services @0 () -> (services :List(ServiceStatus));
  # Every service, by channel.

  schema @1 (channel :UInt16) -> (schema :Data);
  # The compiled schema of a service: a Cap'n Proto message whose root is a `CodeGeneratorRequest` of `/capnp/schema.capnp` that has
  # only nodes: the interface, and everything that its methods use. Enough to call it. Fails with `noSuchService`.

  health @2 (channel :UInt16) -> (health :Health);
  # Whether a service does its work. Fails with `noSuchService`.

  enum Error $Bus.errors {
    # Why there is no answer.

    noSuchService @0 $Bus.code(notFound);   # No service on this channel, or none that the caller may call.
  }
}
