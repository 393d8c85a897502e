@0xc1a3b5a1a1c00047;
struct G(A) {}
struct S { a @0 :G(A = Text); }
