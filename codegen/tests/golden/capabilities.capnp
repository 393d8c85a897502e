@0xb0a1b2c3d4e5f616;
# Interfaces as values. This file does not import bus.capnp, so its interfaces need no channel.

interface Ear {
  hear @0 (text :Text) -> ();
}

interface Store(T) {
  put @0 (value :T) -> ();
}

struct Handles {
  ear @0 :Ear;
  ears @1 :List(Ear);
  any @2 :Capability;
  anys @3 :List(Capability);
  store @4 :Store(Text);
  open @5 :AnyPointer;
  pair @6 :Both(Ear, Handles);
  union {
    nobody @7 :Void;
    third @8 :Ear;
  }
}

struct Both(A, B) { a @0 :A; b @1 :B; }
