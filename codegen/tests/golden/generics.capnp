@0xb0a1b2c3d4e5f612;
# Generic types, and what stands for their parameters.

struct Pair(A, B) {
  a @0 :A;
  b @1 :B;
  swapped @2 :Pair(B, A);
}

struct Map(Key, Value) {
  entries @0 :List(Entry);
  struct Entry {
    key @0 :Key;
    value @1 :Value;
  }
}

struct Maybe(T) {
  union {
    none @0 :Void;
    some @1 :T;
  }
}

struct Result(Good, Bad, Unused) {
  # Parameters that nothing uses do not appear in Rust.
  attempts @0 :UInt8;
  union {
    good @1 :Good;
    bad :group {
      why @2 :Bad;
      fatal @3 :Bool;
    }
  }
  struct Plain { text @0 :Text; }
  struct Inner(Bad) {
    # Two parameters of the same name in reach.
    outer @0 :Good;
    inner @1 :Bad;
  }
}

struct Third(A, B, C) {
  all @0 :List(C);
}

struct Tree(T) {
  value @0 :T;
  children @1 :List(Tree(T));
}

struct Uses {
  pair @0 :Pair(Text, Data);
  nested @1 :Pair(Pair(Text, List(UInt32)), Maybe(Text));
  map @2 :Map(Text, Uses);
  plain @3 :Result(Text, Text, Text).Plain;
  inner @4 :Result(Text, Data, Text).Inner(List(Text));
  unbound @5 :Pair;
  tree @6 :Tree(Maybe(Data));
  third @7 :Third(Text, Text, Maybe(Text));
  self @8 :Maybe(Uses);
  result @9 :Result(List(List(Bool)), Text, Data);
  withDefault @10 :Pair(Text, Data) = (a = "a", swapped = (b = "b"));
}

const words :Pair(Text, List(Text)) = (a = "one", b = ["two", "three"]);
