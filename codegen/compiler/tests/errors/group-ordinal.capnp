@0xc1a3b5a1a1c00038;
struct S { g @0 :group { a @1 :Int32; } }
