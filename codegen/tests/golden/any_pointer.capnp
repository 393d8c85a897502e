@0xb0a1b2c3d4e5f614;
# Values whose type the schema leaves open.

struct Envelope {
  content @0 :AnyPointer;
  structure @1 :AnyStruct;
  list @2 :AnyList;
  union {
    nothing @3 :Void;
    other @4 :AnyPointer;
  }
}

struct Note { text @0 :Text; number @1 :UInt64; more @2 :List(Note); }

struct Openings {
  first @0 :AnyPointer;
  second @1 :AnyList;
}

const openings :Openings = (first = .note, second = .numbers);
const note :Note = (text = "hello", number = 5);
const numbers :List(Int16) = [1, -2, 3];
