@0xe9f1c6b54d0a7231;
# Annotations of DSoftBus-lite. Import as "/dsoftbus/bus.capnp"; `dsoftbus-codegen` puts it on the import path.

annotation channel @0xd1a4c95b2f7e6802 (interface) :UInt16;
# Makes an interface a service: the logical channel it is reached on, the same on every device.
#
# Below 0x10 the fabric itself lives; 0x10 to 0xff are the services of DSoftBus-lite; 0x100 and above are free.

annotation errors @0xc8b7e02a916f3d03 (enum) :Void;
# Makes an enum the domain errors of the interface it is nested in. Its values travel in failed calls, never as data.

annotation code @0xb5d3fa814c29e604 (enumerant) :Code;
# The status code a domain error is sent with; `unknown` without it.

annotation since @0xa2e96cd7503b1f05 (method) :UInt16;
# The version of the service that added this method. Services written earlier still compile: they answer `unimplemented`.

annotation level @0x97c40be5a86d2f06 (interface) :UInt8;
# The level of Cap'n Proto RPC an interface is held to. 0: data only, a capability in it is a build error.

annotation name @0xfe72a4c1963bd807 (interface, method, field, struct, enum, enumerant, group, union, const, param) :Text;
# The name that Rust uses instead of the one in the schema, spelled as schemas spell names: `fooBar`, or `FooBar` for a type.

interface Sink @0xe3b85d06f7a14c09 (T) {
  # Takes a stream of items. As a parameter or result of a method, whoever gives it is who consumes the items.
  #
  # `T` is a struct, a list, Text or Data: wrap anything else in a struct.

  next @0 (item :T) -> stream;   # The next item.
  end @1 ();                     # There are no more items. Without it the stream was cut off.
}

enum Code {
  # Why a call failed, as far as software can act on it. The codes of gRPC, by meaning.

  cancelled @0;            # The caller gave up.
  unknown @1;              # Nothing better is known.
  invalidArgument @2;      # The arguments are wrong whatever the state of the service.
  deadlineExceeded @3;     # The deadline passed first. The call may still have taken effect.
  notFound @4;             # What was asked for does not exist.
  alreadyExists @5;        # What was to be created exists.
  permissionDenied @6;     # The caller is known and may not do this.
  resourceExhausted @7;    # A quota or limit is used up.
  failedPrecondition @8;   # The service is not in a state for this; do not just retry.
  aborted @9;              # Lost against a concurrent operation; retry from a fresh read.
  outOfRange @10;          # Past a valid range, such as the end of a payload.
  unimplemented @11;       # The service does not have this method.
  internal @12;            # A defect of the service.
  unavailable @13;         # Not reachable now; retry with backoff.
  dataLoss @14;            # Bytes were lost or damaged beyond repair.
  unauthenticated @15;     # The caller did not prove who it is.
}
