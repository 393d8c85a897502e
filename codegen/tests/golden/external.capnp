@0xb0a1b2c3d4e5f619;
# Uses types whose code another module has.

using Shared = import "shared.capnp";
using Generics = import "generics.capnp";
using Unions = import "unions.capnp";
using Capabilities = import "capabilities.capnp";
using Constants = import "constants.capnp";
using Bus = import "/dsoftbus/bus.capnp";

struct Outside {
  shared @0 :Shared.Shared;
  list @1 :List(Shared.Shared);
  pair @2 :Generics.Pair(Text, Shared.Shared);
  shape @3 :Unions.Shape;
  ear @4 :Capabilities.Ear;
  entry @5 :Generics.Map(Text, Data).Entry;
  handles @6 :Capabilities.Handles;
  color @7 :Constants.Color = green;
  point @8 :Constants.Point = (x = 3);
}

const colour :Constants.Color = blue;

interface Listener extends(Capabilities.Ear) $Bus.channel(0x210) {
  look @0 (shared :Shared.Shared) -> (ear :Capabilities.Ear, contact :Unions.Contact);
}
