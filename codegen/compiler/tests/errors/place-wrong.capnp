@0xb6a3b5a1a1c0fffb;
a @0 :Int32;
struct S { m @0 (); }
enum E { a @0 :Int32; }
interface I { a @0; }
