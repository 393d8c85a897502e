# Unions in every shape: the discriminant takes its place just before the second member, and members overlay.
@0xb6a3b5a1a1c0f008;

struct Unnamed { union { a @0 :Int32; b @1 :Text; } }
struct UnnamedFirst { union { a @1 :Bool; b @2 :Int8; } before @0 :Int8; after @3 :Int8; }
struct UnnamedMiddle { x @0 :Int16; union { a @1 :Void; b @3 :Int32; c @4 :Text; } y @2 :Int16; z @5 :Int64; }
struct Named { u :union { a @0 :Int64; b @1 :Int32; c @2 :Int16; d @3 :Int8; e @4 :Bool; f @5 :Void; } }
struct NamedRising { u :union { a @0 :Void; b @1 :Bool; c @2 :Int8; d @3 :Int16; e @4 :Int32; f @5 :Int64; } }
struct TwoUnions { u :union { a @0 :Int8; b @2 :Int32; } v :union { c @1 :Int16; d @3 :Int64; } tail @4 :Bool; }
struct ThreeInterleaved {
  u :union { a @0 :Int8; d @3 :Int16; g @6 :Int32; }
  v :union { b @1 :Int8; e @4 :Int16; h @7 :Int32; }
  w :union { c @2 :Text; f @5 :Data; i @8 :Void; }
}
struct AllVoid { union { a @0 :Void; b @1 :Void; c @2 :Void; } }
struct GroupMembers {
  union {
    a :group { x @0 :Int32; y @1 :Int32; }
    b :group { x @2 :Int16; y @3 :Int16; z @4 :Int64; t @5 :Text; }
    c @6 :Int64;
    d :group { p @7 :Text; q @8 :Text; r @9 :Text; }
  }
}
struct GroupMembersInterleaved {
  u :union {
    a :group { x @0 :Int8; y @4 :Int64; }
    b :group { x @1 :Int16; y @3 :Int32; }
    c :group { x @2 :Int32; y @5 :Int8; w @6 :Bool; }
  }
}
struct UnionInUnion {
  union {
    a @0 :Int8;
    inner :union { b @1 :Int64; c @2 :Int32; deeper :union { d @3 :Int16; e @4 :Text; f @5 :Bool; } }
    g :group { h @6 :Int8; u :union { i @7 :Int64; j @8 :Void; } k @9 :Int16; }
  }
  tail @10 :Int32;
}
struct UnionInGroupInUnion {
  before @0 :Bool;
  u :union {
    g :group { union { a @1 :Int8; b @2 :Int16; } v :union { c @3 :Int32; d @4 :Int8; } }
    h :group { union { e @5 :Text; f @6 :Int64; } }
    i @7 :Int16;
  }
}
struct SecondMemberLate { u :union { a @0 :Int8; b @9 :Int64; } c @1 :Int8; d @2 :Int16; e @3 :Int32; f @4 :Int64; g @5 :Bool; h @6 :Int8; i @7 :Int16; j @8 :Bool; }
struct DiscriminantInHole { a @0 :Int8; b @1 :Int64; union { c @2 :Int32; d @3 :Int32; } e @4 :Int8; f @5 :Int16; }
struct Growing {
  # The location of the first member grows where its neighbourhood is free.
  union { a @0 :Bool; b @1 :Int8; c @2 :Int16; d @3 :Int32; e @4 :Int64; }
  after @5 :Bool;
}
struct GrowingBlocked {
  union { a @0 :Int8; b @2 :Int16; c @4 :Int32; d @6 :Int64; }
  x @1 :Int8; y @3 :Int16; z @5 :Int32; w @7 :Int64;
}
struct CodeOrder { z @5 :Int8; union { y @4 :Int8; x @3 :Int8; } w @2 :Int8; u :union { v @1 :Int8; t @0 :Int8; } s @6 :Int8; }
struct DiscriminantsByOrdinal { union { c @2 :Void; a @0 :Void; d @3 :Void; b @1 :Void; g :group { e @4 :Int8; } h :union { i @5 :Int8; j @6 :Int8; } } }
struct PointerUnion { union { a @0 :Text; b @1 :Data; c :group { d @2 :Text; e @3 :Text; } f @4 :List(Text); g :group { h @5 :Data; } } i @6 :Text; }
struct Defaults { union { a @0 :Int32 = 5; b @1 :Int32 = 6; c @2 :Text = "c"; d @3 :Bool = true; } }
struct Shape {
  area @0 :Float64;
  union {
    circle :group { radius @1 :Float64; }
    rectangle :group { width @2 :Float64; height @3 :Float64; }
    polygon :group { points @4 :List(Float64); closed @5 :Bool; union { solid @6 :Void; hatched @7 :UInt8; } }
    point @8 :Void;
  }
}
