@0xc1a3b5a1a1c0003e;
struct S { a @0 :Int23; b @1 :strng; c @2 :S.T; d @3 :List(Foo); e @4 : .Nope; f @5 :text; }
