@0xc1a3b5a1a1c00031;
struct S { a @1 :Int32; }
enum E { a @0; b @2; }
interface I { a @0 (); b @5 (); c @6 (); }
