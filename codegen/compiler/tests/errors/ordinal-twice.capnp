@0xc1a3b5a1a1c00030;
struct S { a @0 :Int32; b @0 :Int32; }
enum E { a @0; b @0; }
interface I { a @0 (); b @0 (); }
