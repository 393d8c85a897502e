@0xc1a3b5a1a1c00056;
enum E { a @0; }
interface J {}
interface I(T) { a @0 E -> J; b @1 T -> T; c @2 Text -> List(Int32); d @3 [U] U -> (); e @4 Nope -> (); }
