@0xb0a1b2c3d4e5f61b;
# Interfaces that extend others.

using Bus = import "/dsoftbus/bus.capnp";

interface Named {
  name @0 () -> (name :Text);
}

interface Counted {
  count @0 () -> (count :UInt32);
  reset @1 (to :UInt32) -> (before :UInt32, after :UInt32);
}

interface Holds(T) {
  hold @0 (value :T) -> ();
  held @1 () -> (value :T);
}

interface One extends(Named) $Bus.channel(0x0190) {
  own @0 (text :Text) -> (text :Text);
}

interface Several extends(Named, Counted) $Bus.channel(0x0191) {
  own @0 (data :Data) -> ();
}

interface Deep extends(Several, Holds(Text)) $Bus.channel(0x0192) $Bus.level(1) {
  # Named is there once, however far.
  more @0 () -> stream;
}

interface Nothing extends(Counted) $Bus.channel(0x0193) {}
