@0xc1a3b5a1a1c00040;
struct S { a @0 :5; b @1 :"x"; c @2 :[Int32]; d @3 :(a = 1); e @4 :1.5; f @5 :0x"00"; g @6 :embed "x"; }
