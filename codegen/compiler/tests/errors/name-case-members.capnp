@0xc1a3b5a1a1c00025;
struct S { Upper @0 :Int32; G :group { a @1 :Int32; } U :union { b @2 :Int32; c @3 :Int32; } }
enum E { Upper @0; }
interface I { Upper @0 (); }
