@0xc1a3b5a1a1c0005f;
interface I {}
const a :I = 5;
struct S { a @0 :I = (); b @1 :AnyPointer = 5; c @2 :Capability = 1; }
