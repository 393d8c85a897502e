# Groups share the struct's room; their fields interleave with their neighbours'.
@0xb6a3b5a1a1c0f007;

struct Plain { a @0 :Int8; g :group { b @1 :Int16; c @3 :Int8; } d @2 :Int64; e @4 :Bool; }
struct Nested {
  a @0 :Bool;
  outer :group {
    b @5 :Int32;
    middle :group { c @3 :Text; inner :group { d @1 :Int8; } e @2 :Int64; }
    f @4 :Bool;
  }
  g @6 :Data;
}
struct Siblings { one :group { a @0 :Int8; b @2 :Int8; } two :group { c @1 :Int8; d @3 :Int8; } three :group { e @4 :Void; } }
struct VoidOnly { g :group { v @0 :Void; } h :group { u :union { a @1 :Void; b @2 :Void; } } }
struct GroupOfUnions {
  g :group { union { a @0 :Int8; b @1 :Int64; } c @2 :Text; u :union { d @3 :Bool; e @4 :Text; } }
  h :group { f @5 :Int16; union { i @6 :Void; j @7 :Data; } }
}
struct GroupWithDefaults { g :group { a @0 :Int32 = 7; b @1 :Text = "x"; c @2 :List(Int8) = [1, 2]; } }
