@0xc1a3b5a1a1c0001a;
struct S { a @0 :Int32; } }
