@0xc1a3b5a1a1c00029;
struct S { a @0 :Int32; const a :Int32 = 1; struct B {} enum B { x @0; } union { a @1 :Int32; c @2 :Int32; } g :group { d @3 :Int32; d @4 :Int32; } }
