@0xc1a3b5a1a1c0002e;
struct S { g :group { a @0 :Int32; struct T {} const k :Int32 = 1; } u :union { b @1 :Int32; c @2 :Int32; enum E { x @0; } using V = S; } }
