@0xd1a3b5a1a1c00001;
using Self = import "self-import.capnp";
using Self2 = Self.Self.Self.Self;
struct S { a @0 :Self.S; b @1 :Self2.S; }
const k :Int32 = Self.Self2.Self.other;
const other :Int32 = 4;
