@0xc1a3b5a1a1c00045;
struct G(A, B) {}
struct S { a @0 :G(Text); b @1 :G(Text, Text, Text); c @2 :S(Text); d @3 :Int32(Text); e @4 :G(Text, Text)(Text, Text); f @5 :Text(); }
