@0xb0a1b2c3d4e5f61a;
# Streams, either way, and what else needs capabilities.

using Bus = import "/dsoftbus/bus.capnp";

struct Line {
  text @0 :Text;
}

interface Log $Bus.channel(0x0180) {
  follow @0 (from :UInt32, lines :Bus.Sink(Line)) -> ();
  append @1 () -> (lines :Bus.Sink(Line));
  words @2 (words :Bus.Sink(Text)) -> (copy :Bus.Sink(Text), count :UInt32);
  blocks @3 (blocks :Bus.Sink(Data)) -> (copy :Bus.Sink(Data));
  pages @4 (pages :Bus.Sink(List(Line))) -> (numbers :Bus.Sink(List(UInt32)));
  write @5 (bytes :Data) -> stream;
  copy @6 Line -> stream;
  flush @7 () -> stream;
}

interface Feed(T) $Bus.channel(0x0181) {
  # Whatever stands for `T`.
  take @0 (items :Bus.Sink(T)) -> ();
  give @1 () -> (items :Bus.Sink(T));
  both @2 (items :Bus.Sink(T), pages :Bus.Sink(List(Line))) -> (items :Bus.Sink(T), first :T);
}

interface Store $Bus.channel(0x0182) {
  # Type parameters of methods read as AnyPointer.
  put @0 [T] (key :Text, value :T) -> ();
  get @1 [T] (key :Text) -> (value :T);
  swap @2 [T, U] (one :T) -> (one :U, two :List(Line));
}

interface Plain $Bus.channel(0x0183) $Bus.level(1) {
  # Data only, with capabilities asked for.
  ping @0 (line :Line) -> (line :Line);
}
