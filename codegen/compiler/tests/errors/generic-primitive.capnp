@0xc1a3b5a1a1c00046;
struct G(A) {}
enum E { a @0; }
struct S { a @0 :G(Int32); b @1 :G(E); c @2 :G(Void); d @3 :G(AnyStruct); e @4 :G(Bool); }
