@0xc1a3b5a1a1c00041;
struct S { a @0 :List; b @1 :List(Int32, Int32); c @2 :List(AnyPointer); d @3 :List(AnyStruct); e @4 :List(List(AnyPointer)); f @5 :List(); }
